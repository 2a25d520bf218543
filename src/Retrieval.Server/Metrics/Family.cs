using System.Collections.Concurrent;

namespace Retrieval.Server.Metrics;

/// <summary>All series of one name. Their number is bounded, whatever tags come.</summary>
internal sealed class Family(string name, string help, InstrumentKind instrument, double[] bounds)
{
    /// <summary>Series of one family; the measurements of any more go into one that says so.</summary>
    public const int MostSeries = 500;

    private readonly ConcurrentDictionary<string, Series> _series = new(StringComparer.Ordinal);

    public string Name => name;

    public string Help => help;

    public FamilyKind Kind => instrument.Kind;

    public bool Observable => instrument.Observable;

    public double[] Bounds => bounds;

    public IEnumerable<KeyValuePair<string, Series>> Series => _series.OrderBy(series => series.Key, StringComparer.Ordinal);

    /// <summary>Takes a measurement.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = SeriesOf(Labels.Of(tags));
        if (instrument.Kind == FamilyKind.Histogram)
        {
            series.Observe(value);
        }
        else if (instrument.Sets)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    /// <summary>Forgets the series of an observable instrument before it is asked again: what it no longer names is gone.</summary>
    public void Clear() => _series.Clear();

    private Series SeriesOf(string labels) => _series.TryGetValue(labels, out var found)
        ? found
        : _series.GetOrAdd(
            _series.Count < MostSeries ? labels : Labels.Overflow,
            static (_, bounds) => new Series(bounds),
            instrument.Kind == FamilyKind.Histogram ? bounds : []);
}
