using System.Diagnostics.Metrics;

namespace Retrieval.Domain.Telemetry;

/// <summary>
/// Counters that are there before anything was counted: what is missing at first and comes as 1 is no growth to whoever
/// computes a rate.
/// </summary>
public static class CounterZero
{
    /// <summary>Reports 0, of a counter without labels.</summary>
    public static Counter<long> FromZero(this Counter<long> counter)
    {
        ArgumentNullException.ThrowIfNull(counter);
        counter.Add(0);
        return counter;
    }

    /// <summary>Reports 0 for each of the values that a label can have.</summary>
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
