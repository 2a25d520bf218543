using System.Globalization;

namespace Retrieval.Bench.Load;

/// <summary>The header <c>Server-Timing</c>: <c>name;dur=milliseconds</c>, separated by commas.</summary>
internal static class ServerTiming
{
    private const int LongestName = 64;

    /// <summary>The metrics that have a duration, in order; anything that is not a metric is left out.</summary>
    public static IReadOnlyList<KeyValuePair<string, double>> Parse(IEnumerable<string> values)
    {
        var stages = new List<KeyValuePair<string, double>>();
        foreach (var metric in values.SelectMany(value => value.Split(',')))
        {
            var parts = metric.Split(';', StringSplitOptions.TrimEntries);
            var duration = parts.Skip(1).FirstOrDefault(part => part.StartsWith("dur=", StringComparison.Ordinal));
            if (duration is not null
                && parts[0].Length is > 0 and <= LongestName
                && double.TryParse(duration.AsSpan(4), NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds)
                && double.IsFinite(milliseconds))
            {
                stages.Add(new(parts[0], milliseconds));
            }
        }

        return stages;
    }
}
