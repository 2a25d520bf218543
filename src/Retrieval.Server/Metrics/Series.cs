namespace Retrieval.Server.Metrics;

/// <summary>One series: a value, and for a histogram its buckets.</summary>
internal sealed class Series(double[] bounds)
{
    private readonly Lock _gate = new();
    private readonly long[] _buckets = new long[bounds.Length + 1];
    private double _value;

    public void Set(double value)
    {
        lock (_gate)
        {
            _value = value;
        }
    }

    public void Add(double value)
    {
        lock (_gate)
        {
            _value += value;
        }
    }

    public void Observe(double value)
    {
        var bucket = Array.BinarySearch(bounds, value);
        lock (_gate)
        {
            // Bounds are inclusive: a value equal to one belongs to it, any other to the next above.
            _buckets[bucket >= 0 ? bucket : ~bucket]++;
            _value += value;
        }
    }

    /// <summary>The value (of a histogram: the sum) and the counts of the buckets, of one moment.</summary>
    public (double Value, long[] Buckets) Read()
    {
        lock (_gate)
        {
            return (_value, (long[])_buckets.Clone());
        }
    }
}
