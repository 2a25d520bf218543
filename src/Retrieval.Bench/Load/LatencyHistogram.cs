namespace Retrieval.Bench.Load;

/// <summary>
/// Latencies in buckets whose bounds grow by a constant factor: a run of hours needs as much memory as a run of seconds, and a
/// percentile is within <see cref="RelativeError"/> of the exact one. Not thread-safe.
/// </summary>
internal sealed class LatencyHistogram
{
    /// <summary>Largest relative error of a percentile, for values from <see cref="Least"/> to <see cref="Most"/> milliseconds.</summary>
    public const double RelativeError = 0.01;

    /// <summary>A microsecond, in milliseconds. Smaller values count as this.</summary>
    public const double Least = 1e-3;

    /// <summary>An hour, in milliseconds. Larger values count as this; the maximum is exact.</summary>
    public const double Most = 3.6e6;

    // A bucket is represented by its geometric mean, so the ratio of its bounds may be the square of one plus the error.
    private static readonly double LogGrowth = 2 * Math.Log(1 + RelativeError);
    private static readonly int Buckets = 1 + (int)Math.Ceiling(Math.Log(Most / Least) / LogGrowth);

    private readonly long[] _counts = new long[Buckets];
    private double _sum;

    /// <summary>Number of latencies added.</summary>
    public long Count { get; private set; }

    /// <summary>The exact maximum in milliseconds; 0 if there is none.</summary>
    public double Max { get; private set; }

    /// <summary>Adds a latency in milliseconds.</summary>
    public void Add(double milliseconds)
    {
        var bucket = (int)(Math.Log(Math.Clamp(milliseconds, Least, Most) / Least) / LogGrowth);
        _counts[Math.Min(bucket, Buckets - 1)]++;
        _sum += milliseconds;
        Max = Count++ == 0 ? milliseconds : Math.Max(Max, milliseconds);
    }

    /// <summary>
    /// The latency that the given share of all latencies does not exceed, by nearest rank: the value of rank ⌈share · n⌉ in ascending
    /// order.
    /// </summary>
    /// <param name="share">Greater than 0, at most 1.</param>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public double Percentile(double share)
    {
        if (Count == 0)
        {
            throw new InvalidOperationException("no latency was added, so there is no percentile");
        }

        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        if (rank == Count)
        {
            return Max;
        }

        var bucket = 0;
        for (long seen = _counts[0]; seen < rank; seen += _counts[++bucket])
        {
        }

        return Math.Min(Max, Least * Math.Exp((bucket + 0.5) * LogGrowth));
    }

    /// <summary>The summary for reports; null if nothing was added.</summary>
    public Latencies? Summarize() => Count == 0
        ? null
        : new Latencies(Count, _sum / Count, Percentile(0.5), Percentile(0.9), Percentile(0.99), Percentile(0.999), Max);
}
