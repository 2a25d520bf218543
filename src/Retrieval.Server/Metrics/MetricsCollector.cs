using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Retrieval.Server.Metrics;

/// <summary>Listens to the meters of this service and of the framework, and holds what they have reported.</summary>
internal sealed class MetricsCollector : IDisposable
{
    private static readonly string[] FrameworkMeters =
    [
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.AspNetCore.RateLimiting",
        "System.Runtime",
    ];

    /// <summary>For histograms whose instrument names none.</summary>
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Lock _scraping = new();
    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly IMeterFactory _meters;

    public MetricsCollector(IMeterFactory meters)
    {
        _meters = meters;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (IsOurs(instrument.Meter) && FamilyOf(instrument) is { } family)
            {
                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        _listener.SetMeasurementEventCallback<byte>((instrument, value, tags, family) => Record(instrument, value, tags, family));
        _listener.SetMeasurementEventCallback<short>((instrument, value, tags, family) => Record(instrument, value, tags, family));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, family) => Record(instrument, value, tags, family));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, family) => Record(instrument, value, tags, family));
        _listener.SetMeasurementEventCallback<float>((instrument, value, tags, family) => Record(instrument, value, tags, family));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, family) => Record(instrument, value, tags, family));
        _listener.SetMeasurementEventCallback<decimal>((instrument, value, tags, family) => Record(instrument, (double)value, tags, family));
        _listener.Start();
    }

    /// <summary>Asks the observable instruments and hands over everything, ordered by name.</summary>
    public T Collect<T>(Func<IEnumerable<Family>, T> read)
    {
        lock (_scraping)
        {
            foreach (var family in _families.Values.Where(family => family.Observable))
            {
                family.Clear();
            }

            _listener.RecordObservableInstruments();
            return read(_families.Values.OrderBy(family => family.Name, StringComparer.Ordinal));
        }
    }

    public void Dispose() => _listener.Dispose();

    private static void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? family) =>
        ((Family)family!).Record(value, tags);

    // Meters of a factory belong to the server that made it: two servers in one process do not see each other's.
    private bool IsOurs(Meter meter) =>
        (meter.Name.StartsWith("Retrieval.", StringComparison.Ordinal) || FrameworkMeters.Contains(meter.Name))
        && (meter.Scope is null || ReferenceEquals(meter.Scope, _meters));

    /// <summary>The family of an instrument; null if another of a different kind has taken the name.</summary>
    private Family? FamilyOf(Instrument instrument)
    {
        var description = InstrumentKind.Of(instrument);
        var name = PrometheusNames.Family(instrument.Name, instrument.Unit, description.Kind);
        var family = _families.GetOrAdd(name, _ => new Family(name, instrument.Description ?? instrument.Name, description, description.Bounds ?? DefaultBounds));
        return family.Kind == description.Kind ? family : null;
    }
}
