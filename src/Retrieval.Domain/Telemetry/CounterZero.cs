using System.Diagnostics.Metrics;

namespace Retrieval.Domain.Telemetry;

/// <summary>
/// Makes counters exist before anything is counted. If a counter first appears with the value 1, a computed rate does not see an
/// increase.
/// </summary>
public static class CounterZero
{
    /// <summary>Reports 0 for a counter without labels.</summary>
    public static Counter<long> FromZero(this Counter<long> counter)
    {
        ArgumentNullException.ThrowIfNull(counter);
        counter.Add(0);
        return counter;
    }

    /// <summary>Reports 0 for each possible value of a label.</summary>
    public static Counter<long> FromZero(this Counter<long> counter, string label, params ReadOnlySpan<string> values)
    {
        ArgumentNullException.ThrowIfNull(counter);
        foreach (var value in values)
        {
            counter.Add(0, new KeyValuePair<string, object?>(label, value));
        }

        return counter;
    }
}
