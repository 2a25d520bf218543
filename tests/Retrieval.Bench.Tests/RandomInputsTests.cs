namespace Retrieval.Bench.Tests;

/// <summary>What is drawn from a seed.</summary>
public sealed class RandomInputsTests
{
    [Fact]
    public void A_few_slots_of_a_large_bank_are_different_ones_of_it()
    {
        var slots = new RandomInputs(1).Slots(200, 1_000_000);

        Assert.Equal(200, slots.Distinct().Count());
        Assert.All(slots, slot => Assert.InRange(slot, 0, 999_999));
        Assert.InRange(slots.Average(), 400_000, 600_000);
    }
}
