namespace Retrieval.Bench.Load;

/// <summary>The requests that were due in one second of a phase.</summary>
/// <param name="second">Number of the second, from 0.</param>
internal sealed class SecondOfPhase(int second)
{
    private readonly LatencyHistogram _answered = new();

    /// <summary>Number of the second, from 0.</summary>
    public int Second => second;

    /// <summary>Number of answers with 200.</summary>
    public long Answered => _answered.Count;

    /// <summary>Number of answers with 429.</summary>
    public long Shed { get; private set; }

    /// <summary>Number of all other outcomes.</summary>
    public long Other { get; private set; }

    /// <summary>99th percentile of the answers, in milliseconds; null if there are none.</summary>
    public double? P99Ms => _answered.Count == 0 ? null : _answered.Percentile(0.99);

    public void Add(ExchangeKind kind, double milliseconds)
    {
        if (kind == ExchangeKind.Answered)
        {
            _answered.Add(milliseconds);
        }
        else if (kind == ExchangeKind.Shed)
        {
            Shed++;
        }
        else if (kind != ExchangeKind.Left)
        {
            Other++;
        }
    }
}
