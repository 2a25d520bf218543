using System.Diagnostics.Metrics;

namespace Retrieval.Server.Metrics;

/// <summary>How an instrument's measurements add up.</summary>
/// <param name="Kind">What it is to Prometheus.</param>
/// <param name="Sets">Whether a measurement is the value itself, not a change of it.</param>
/// <param name="Observable">Whether it is asked at each scrape.</param>
/// <param name="Bounds">The histogram's bounds as its author advised.</param>
internal sealed record InstrumentKind(FamilyKind Kind, bool Sets, bool Observable, double[]? Bounds)
{
    public static InstrumentKind Of(Instrument instrument)
    {
        var type = instrument.GetType();
        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        var kind = generic switch
        {
            _ when generic == typeof(Counter<>) || generic == typeof(ObservableCounter<>) => FamilyKind.Counter,
            _ when generic == typeof(Histogram<>) => FamilyKind.Histogram,
            _ => FamilyKind.Gauge,
        };
        return new InstrumentKind(kind, instrument.IsObservable || generic == typeof(Gauge<>), instrument.IsObservable, BoundsOf(instrument));
    }

    private static double[]? BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> histogram => histogram.Advice?.HistogramBucketBoundaries?.ToArray(),
        Histogram<float> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
        Histogram<long> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
        Histogram<int> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray(),
        _ => null,
    };
}
