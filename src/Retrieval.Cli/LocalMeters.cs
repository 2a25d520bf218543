using System.Diagnostics.Metrics;

namespace Retrieval.Cli;

/// <summary>Meters for a process that nobody scrapes.</summary>
internal sealed class LocalMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(meter => meter.Dispose());
}
