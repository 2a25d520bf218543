using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Telemetry;

/// <summary>Metrics of the search pipeline: durations in seconds, counts of pairs and queries.</summary>
public sealed class SearchMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Retrieval.Search";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Histogram<double>? _queries;
    private readonly Histogram<double>? _stages;
    private readonly Counter<long>? _pairs;
    private readonly Counter<long>? _degraded;
    private readonly Counter<long>? _missing;
    private readonly Counter<long>? _fallbacks;
    private readonly Counter<long>? _damaged;

    private SearchMetrics()
    {
    }

    /// <summary>Creates the instruments.</summary>
    public SearchMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _queries = meter.CreateHistogram("retrieval.query.duration", "s", "Time of one query, by kind", tags: null, advice: Seconds);
        _stages = meter.CreateHistogram("retrieval.stage.duration", "s", "Time of one stage of a query", tags: null, advice: Seconds);
        _pairs = meter.CreateCounter<long>("retrieval.pairs.scored", "{pair}", "Pairs the matching model has scored").FromZero("kind", [.. QueryKinds.All]);
        _degraded = meter.CreateCounter<long>("retrieval.queries.degraded", "{query}", "Answers that were less than was asked for, by reason").FromZero("reason", DegradedReasons.CatalogUnavailable, DegradedReasons.Deadline, DegradedReasons.Damaged);
        _missing = meter.CreateCounter<long>("retrieval.shortlist.missing", "{candidate}", "Candidates that the catalog named and this replica did not have yet").FromZero();
        _fallbacks = meter.CreateCounter<long>("retrieval.shortlist.fallback", "{query}", "Shortlists taken from the local index since the catalog did not answer in time").FromZero();
        _damaged = meter.CreateCounter<long>("retrieval.damaged", "{candidate}", "Candidates left out of answers since what is stored of them is damaged, by kind of data").FromZero("kind", [.. StoredData.All]);
    }

    /// <summary>Reports nothing: for a process without monitoring, and for work that must not count.</summary>
    public static SearchMetrics None { get; } = new();

    /// <summary>Reports one answered request.</summary>
    /// <param name="kind">One of <see cref="QueryKinds"/>.</param>
    /// <param name="stages">How long each stage took.</param>
    /// <param name="pairs">Pairs scored.</param>
    /// <param name="degraded">Why the answer is less than the request asked for: empty, or one or more reasons.</param>
    public void Answered(string kind, IReadOnlyList<StageTime> stages, int pairs, IReadOnlyCollection<string> degraded)
    {
        ArgumentNullException.ThrowIfNull(degraded);
        ArgumentNullException.ThrowIfNull(stages);
        var total = TimeSpan.Zero;
        foreach (var (stage, duration) in stages)
        {
            _stages?.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("stage", stage));
            total += duration;
        }

        _queries?.Record(total.TotalSeconds, new KeyValuePair<string, object?>("kind", kind));
        _pairs?.Add(pairs, new KeyValuePair<string, object?>("kind", kind));
        foreach (var reason in degraded)
        {
            _degraded?.Add(1, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    /// <summary>Reports candidates that the catalog returned and this replica does not have yet.</summary>
    public void ShortlistMissed(int candidates) => _missing?.Add(candidates);

    /// <summary>Reports a candidate that was left out because its stored data is damaged.</summary>
    /// <param name="kind">Which data: one of <see cref="Snapshots.StoredData"/>.</param>
    public void LeftOut(string kind) => _damaged?.Add(1, new KeyValuePair<string, object?>("kind", kind));

    /// <summary>Reports a shortlist that the replica's own index supplied in place of the catalog.</summary>
    public void ShortlistFellBack() => _fallbacks?.Add(1);
}
