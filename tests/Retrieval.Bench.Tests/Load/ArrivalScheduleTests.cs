using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

public sealed class ArrivalScheduleTests
{
    [Fact]
    public void Gaps_are_exponential_with_the_mean_of_the_rate()
    {
        const int count = 200_000;
        const double rate = 250;
        double[] gaps = [.. Gaps(new ArrivalSchedule(rate, 1), count)];

        Assert.All(gaps, gap => Assert.True(gap >= 0));
        Assert.Equal(1 / rate, gaps.Average(), 0.01 / rate);

        // Kolmogorov and Smirnov: the largest distance from the distribution's function. 1.63 / √n is passed once in a hundred
        // seeds; this one is fixed.
        Array.Sort(gaps);
        var distance = gaps.Select((gap, i) => Math.Abs(1 - Math.Exp(-rate * gap) - ((i + 0.5) / count))).Max();
        Assert.True(distance < 1.63 / Math.Sqrt(count), $"distance {distance}");
    }

    [Fact]
    public void Arrivals_of_seconds_are_as_many_as_vary_and_do_not_depend_on_each_other()
    {
        const double rate = 40;
        const int seconds = 20_000;
        var schedule = new ArrivalSchedule(rate, 7);
        var counts = new double[seconds];
        for (var at = schedule.Next(); at < seconds; at = schedule.Next())
        {
            counts[(int)at]++;
        }

        // Of a Poisson process the variance is the mean.
        var mean = counts.Average();
        Assert.Equal(rate, mean, 0.2);
        Assert.Equal(1, counts.Select(count => (count - mean) * (count - mean)).Average() / mean, 0.05);
        Assert.Equal(0, counts.Skip(1).Zip(counts, (next, count) => (next - mean) * (count - mean)).Average() / mean, 0.05);
    }

    [Fact]
    public void The_same_seed_gives_the_same_arrivals_and_another_seed_others()
    {
        Assert.Equal(Gaps(new ArrivalSchedule(10, 3), 100), Gaps(new ArrivalSchedule(10, 3), 100));
        Assert.NotEqual(Gaps(new ArrivalSchedule(10, 3), 100), Gaps(new ArrivalSchedule(10, 4), 100));
    }

    [Fact]
    public void Draws_of_different_streams_are_unrelated()
    {
        const int count = 100_000;
        var product = Enumerable.Range(0, count).Average(number => (Dice.Draw(1, 1, number) - 0.5) * (Dice.Draw(1, 2, number) - 0.5));

        Assert.Equal(0, product, 0.002);
        Assert.All(Enumerable.Range(0, 7).Select(value => Enumerable.Range(0, count).Count(number => Dice.Below(7, 5, 2, number) == value)), drawn => Assert.Equal(1, 7.0 * drawn / count, 0.05));
    }

    private static IEnumerable<double> Gaps(ArrivalSchedule schedule, int count)
    {
        double before = 0;
        for (var i = 0; i < count; i++)
        {
            var at = schedule.Next();
            yield return at - before;
            before = at;
        }
    }
}
