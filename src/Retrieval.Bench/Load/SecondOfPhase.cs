namespace Retrieval.Bench.Load;

/// <summary>The requests that were due in one second of a phase.</summary>
/// <param name="second">Which, from 0.</param>
internal sealed class SecondOfPhase(int second)
{
    private readonly LatencyHistogram _answered = new();

    /// <summary>Which, from 0.</summary>
    public int Second => second;

    /// <summary>Answers with 200.</summary>
    public long Answered => _answered.Count;

    /// <summary>Answers with 429.</summary>
    public long Shed { get; private set; }

    /// <summary>All other endings.</summary>
    public long Other { get; private set; }

    /// <summary>99th percentile of the answers, in milliseconds; null without any.</summary>
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
