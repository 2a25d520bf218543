using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Retrieval.Server.Metrics;

/// <summary>What the SDK makes of an instrument.</summary>
internal static class Streams
{
    /// <summary>Series of one instrument; the measurements of any more go into one that says so.</summary>
    public const int MostSeries = 500;

    /// <summary>The stream of an instrument. The bounds of a histogram are those that its author advised.</summary>
    /// <param name="instrument">The instrument, of any meter in the process whose name is asked for.</param>
    /// <param name="own">The factory of this server's meters.</param>
    public static MetricStreamConfiguration Of(Instrument instrument, IMeterFactory own)
    {
        // The SDK asks for meters by name alone. Those of a factory belong to the server that made it: two servers in
        // one process do not see each other's. A meter without a scope is the process's.
        if (instrument.Meter.Scope is { } scope && !ReferenceEquals(scope, own))
        {
            return MetricStreamConfiguration.Drop;
        }

        return new MetricStreamConfiguration
        {
            CardinalityLimit = MostSeries,
            Description = string.IsNullOrEmpty(instrument.Description) ? instrument.Name : instrument.Description,
        };
    }
}
