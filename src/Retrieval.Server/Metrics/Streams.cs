using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Retrieval.Server.Metrics;

/// <summary>How the SDK represents an instrument.</summary>
internal static class Streams
{
    /// <summary>Series per instrument; measurements of any further ones go into an overflow series.</summary>
    public const int MostSeries = 500;

    /// <summary>The stream of an instrument. A histogram uses the bounds that its author advised.</summary>
    /// <param name="instrument">The instrument, of any meter in the process with a requested name.</param>
    /// <param name="own">The factory of this server's meters.</param>
    public static MetricStreamConfiguration Of(Instrument instrument, IMeterFactory own)
    {
        // The SDK selects meters only by name. Those of a factory belong to the server that created it: two servers in one process
        // do not see each other's. A meter without a scope belongs to the process.
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
