using Retrieval.Inference.Banks;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests.Banks;

/// <summary>Banks that are copied into a device's memory, here the process's own: the same code, other addresses.</summary>
public sealed class FeatureBankTests
{
    public static TheoryData<RecordSide> Sides => [RecordSide.Image, RecordSide.Caption];

    [Theory]
    [MemberData(nameof(Sides))]
    public void A_resident_bank_holds_what_is_mapped_in_memory_of_its_own(RecordSide side)
    {
        using var records = new SampleRecords(side, 700, 1);
        var budget = Budget();
        var seen = new List<BankProgress>();
        using (var bank = records.Open(budget, 700, progress: seen.Add))
        {
            records.Holds(bank, 700);
            Assert.True(bank.IsResident);
            Assert.True(bank.Capacity > 700);
            Assert.Equal(budget.Taken, bank.ResidentBytes);
            Assert.True(bank.ResidentBytes > bank.Bytes);
            Assert.Equal(new BankProgress(side, bank.Bytes, bank.Bytes), seen[^1]);
            using var row = bank.Records.Row(699);
            Assert.Equal(records.Take(700).Fields[0].Field.RowBytes, row.Bytes(row.Fields[0]).Length / (int)(row.Lengths.IsEmpty ? 1 : row.Lengths[0]));
        }

        Assert.Equal(0, budget.Taken);
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void A_mapped_bank_is_the_mapped_memory_itself(RecordSide side)
    {
        using var records = new SampleRecords(side, 50, 1);
        using var bank = records.Open(null, 50);

        records.Holds(bank, 50);
        Assert.False(bank.IsResident);
        Assert.Equal(0, bank.ResidentBytes);
        Assert.Equal(50, bank.Capacity);
        Assert.Equal(records.Take(50).Fields[0].Address, SampleRecords.Address(bank, RecordTable.Prefix(side) + bank.Records.Fields[0].Name));
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void A_generation_that_fits_the_spare_room_copies_only_what_came_and_leaves_the_former_as_it_is(RecordSide side)
    {
        using var records = new SampleRecords(side, 1000, 2);
        var budget = Budget();
        using var first = records.Open(budget, 800);
        var taken = budget.Taken;
        var copied = 0L;
        using var second = records.Open(budget, 1000, first, progress => copied = progress.CopiedBytes);

        Assert.Equal(records.Bytes(1000) - records.Bytes(800), copied);
        Assert.Equal(taken, budget.Taken);
        records.Holds(first, 800);
        records.Holds(second, 1000);
        first.Dispose();
        records.Holds(second, 1000);
        Assert.Equal(taken, budget.Taken);
        second.Dispose();
        Assert.Equal(0, budget.Taken);
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void A_generation_that_outgrows_its_room_gets_a_new_one_while_the_old_serves_on(RecordSide side)
    {
        using var records = new SampleRecords(side, 4000, 3);
        var budget = Budget();
        var first = records.Open(budget, 300);
        var old = budget.Taken;
        using var second = records.Open(budget, 4000, first);

        Assert.NotEqual(SampleRecords.Address(first, First(side)), SampleRecords.Address(second, First(side)));
        records.Holds(first, 300);
        records.Holds(second, 4000);
        Assert.Equal(old + second.ResidentBytes, budget.Taken);
        first.Dispose();
        first.Dispose();
        Assert.Equal(second.ResidentBytes, budget.Taken);
        records.Holds(second, 4000);
    }

    [Fact]
    public void Two_generations_that_follow_the_same_one_do_not_share_their_rows()
    {
        using var records = new SampleRecords(RecordSide.Image, 1000, 4);
        using var first = records.Open(Budget(out var budget), 500);
        using var second = records.Open(budget, 700, first);
        using var other = records.Open(budget, 600, first);
        using var same = records.Open(budget, 500, first);

        Assert.Equal(SampleRecords.Address(first, "image.v"), SampleRecords.Address(second, "image.v"));
        Assert.Equal(SampleRecords.Address(first, "image.v"), SampleRecords.Address(same, "image.v"));
        Assert.NotEqual(SampleRecords.Address(first, "image.v"), SampleRecords.Address(other, "image.v"));
        records.Holds(first, 500);
        records.Holds(second, 700);
        records.Holds(other, 600);
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public void Generations_in_any_order_of_growth_and_disposal_hold_their_rows_and_give_all_memory_back(RecordSide side)
    {
        using var records = new SampleRecords(side, 6000, 5);
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            var budget = Budget();
            var alive = new List<(FeatureBank Bank, int Items)>();
            var newest = (Bank: (FeatureBank?)null, Items: random.Next(0, 400));
            for (var generation = 0; generation < 12; generation++)
            {
                var items = Math.Min(6000, newest.Items + random.Next(0, generation % 4 == 3 ? 2500 : 150));
                var former = random.Next(8) == 0 ? null : newest.Bank;
                var bank = records.Open(budget, items, former);
                newest = (bank, items);
                alive.Add((bank, items));
                while (alive.Count > 1 && random.Next(3) == 0)
                {
                    var victim = random.Next(alive.Count - 1);
                    alive[victim].Bank.Dispose();
                    alive.RemoveAt(victim);
                }

                alive.ForEach(each => records.Holds(each.Bank, each.Items));
            }

            alive.ForEach(each => each.Bank.Dispose());
            Assert.Equal(0, budget.Taken);
        }
    }

    [Fact]
    public void A_former_bank_that_has_gone_or_lies_elsewhere_is_not_built_upon()
    {
        using var records = new SampleRecords(RecordSide.Image, 100, 6);
        var gone = records.Open(Budget(out var budget), 90);
        gone.Dispose();
        using var mapped = records.Open(null, 90);
        using var elsewhere = records.Open(Budget(), 90);
        using var larger = records.Open(budget, 95);

        foreach (var former in new[] { gone, mapped, elsewhere, larger })
        {
            using var bank = records.Open(budget, former == larger ? 80 : 100, former);
            records.Holds(bank, former == larger ? 80 : 100);
            records.Holds(larger, 95);
        }
    }

    private static MemoryBudget Budget() => Budget(out _);

    private static MemoryBudget Budget(out MemoryBudget budget) => budget = new MemoryBudget(new HostMemory(), 0);

    private static string First(RecordSide side) => side == RecordSide.Image ? "image.v" : "caption.w";
}
