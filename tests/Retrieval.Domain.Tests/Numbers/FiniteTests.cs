using Retrieval.Domain.Numbers;

namespace Retrieval.Domain.Tests.Numbers;

public sealed class FiniteTests
{
    // Longer than the longest vector register, by a tail that does not fill one.
    private const int Length = 67;

    public static TheoryData<float> NotFinite => [float.NaN, float.PositiveInfinity, float.NegativeInfinity];

    [Theory]
    [MemberData(nameof(NotFinite))]
    public void One_value_that_is_no_number_is_found_wherever_it_stands(float value)
    {
        for (var length = 1; length <= Length; length++)
        {
            for (var place = 0; place < length; place++)
            {
                var values = Values(length);
                values[place] = value;
                Assert.False(Finite.All(values), $"{place} of {length}");
                Assert.Equal(place, Finite.FirstNot(values));
                Assert.False(Finite.All([.. values.Select(each => (Half)each)]), $"{place} of {length} halves");
            }
        }
    }

    [Fact]
    public void Values_that_are_finite_are_all_so_the_largest_and_none_too()
    {
        for (var length = 0; length <= Length; length++)
        {
            Assert.True(Finite.All(Values(length)));
            Assert.Equal(-1, Finite.FirstNot(Values(length)));
        }

        float[] extremes = [float.MaxValue, float.MinValue, float.Epsilon, -0f, .. new float[Length]];
        Assert.True(Finite.All(extremes));
        Half[] halves = [Half.MaxValue, Half.MinValue, Half.Epsilon, Half.NegativeZero];
        Assert.True(Finite.All(halves));
    }

    [Fact]
    public void The_first_of_several_is_told() => Assert.Equal(1, Finite.FirstNot([0, float.NaN, 1, float.PositiveInfinity]));

    private static float[] Values(int length) => [.. Enumerable.Range(0, length).Select(i => (i * 17f) - 300)];
}
