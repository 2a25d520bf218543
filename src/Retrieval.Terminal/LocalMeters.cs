using System.Diagnostics.Metrics;

namespace Retrieval.Terminal;

/// <summary>Meters for a process that nobody scrapes.</summary>
public sealed class LocalMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    /// <inheritdoc/>
    public void Dispose() => _meters.ForEach(meter => meter.Dispose());
}
