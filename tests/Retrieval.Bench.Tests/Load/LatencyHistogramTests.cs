using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

public sealed class LatencyHistogramTests
{
    private static readonly double[] Shares = [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void Percentiles_are_those_of_the_sorted_list_within_the_promised_error(int count)
    {
        var random = new Random(count);
        Func<double>[] distributions =
        [
            () => 1 + (99 * random.NextDouble()),
            () => -20 * Math.Log(1 - random.NextDouble()) + LatencyHistogram.Least,
            () => Math.Exp(Math.Log(LatencyHistogram.Least) + (random.NextDouble() * Math.Log(LatencyHistogram.Most / LatencyHistogram.Least))),
            () => random.NextDouble() < 0.99 ? 5 : 5000,
            () => 7.25,
        ];
        foreach (var draw in distributions)
        {
            var histogram = new LatencyHistogram();
            double[] values = [.. Enumerable.Range(0, count).Select(_ => draw())];
            Array.ForEach(values, histogram.Add);
            Array.Sort(values);

            foreach (var share in Shares)
            {
                var exact = values[Math.Max(1, (int)Math.Ceiling(share * count)) - 1];
                Assert.InRange(histogram.Percentile(share) / exact, 1 - LatencyHistogram.RelativeError - 1e-9, 1 + LatencyHistogram.RelativeError + 1e-9);
            }

            var summary = histogram.Summarize()!;
            Assert.Equal((count, values[^1]), (summary.Count, summary.Max));
            Assert.Equal(values.Average(), summary.Mean, values.Average() * 1e-9);
            Assert.True(summary.P50 <= summary.P90 && summary.P90 <= summary.P99 && summary.P99 <= summary.P999 && summary.P999 <= summary.Max);
        }
    }

    [Fact]
    public void What_lies_outside_its_range_is_counted_at_its_edges()
    {
        var histogram = new LatencyHistogram();
        histogram.Add(0);
        histogram.Add(2 * LatencyHistogram.Most);
        histogram.Add(3 * LatencyHistogram.Most);

        Assert.InRange(histogram.Percentile(0.1), 0, LatencyHistogram.Least * 1.03);
        Assert.InRange(histogram.Percentile(0.5), LatencyHistogram.Most * 0.97, LatencyHistogram.Most * 1.03);
        Assert.Equal(3 * LatencyHistogram.Most, histogram.Percentile(1));
    }

    [Fact]
    public void Of_nothing_there_is_nothing_to_tell()
    {
        Assert.Null(new LatencyHistogram().Summarize());
        Assert.Throws<InvalidOperationException>(() => new LatencyHistogram().Percentile(0.5));
    }
}
