using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Recall;

/// <summary>
/// The measured quality of shortlists: means over the last <see cref="Window"/> measured queries of each kind, and how many
/// queries they rest on. The means report nothing before the first query; a model or an index made with another bundle starts anew.
/// </summary>
public sealed class RecallMetrics
{
    /// <summary>Most queries that a mean is taken over.</summary>
    public const int Window = 200;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Kind, string Reference), Queue<(double Recall, bool SameFirst)>> _measured = [];
    private readonly Counter<long> _queries;
    private readonly Counter<long> _pairs;
    private string? _fingerprint;

    /// <summary>Creates the instruments.</summary>
    public RecallMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(SearchMetrics.MeterName);
        _queries = meter.CreateCounter<long>("retrieval.recall.queries", "{query}", "Queries whose shortlist was measured, by kind").FromZero("kind", QueryKinds.Images, QueryKinds.Captions);
        _pairs = meter.CreateCounter<long>("retrieval.recall.pairs", "{pair}", "Pairs scored to measure shortlists").FromZero();
        meter.CreateObservableGauge("retrieval.recall.shortlist", () => Means(static query => query.Recall), description: "Share of the ten best of the reference that the shortlist had: mean of the last measured queries, by kind and reference");
        meter.CreateObservableGauge("retrieval.recall.first", () => Means(static query => query.SameFirst ? 1 : 0), description: "Share of the last measured queries whose first hit is the best of the reference, by kind and reference");
        meter.CreateObservableGauge("retrieval.recall.window", Counts, "{query}", "Measured queries that the means rest on, by kind and reference");
    }

    /// <summary>Reports one measured query.</summary>
    /// <param name="fingerprint">The bundle it was answered with.</param>
    /// <param name="query">The measurement.</param>
    public void Measured(string fingerprint, RecallMeasurement query)
    {
        ArgumentNullException.ThrowIfNull(query);
        lock (_gate)
        {
            if (_fingerprint != fingerprint)
            {
                _measured.Clear();
                _fingerprint = fingerprint;
            }

            var key = (query.Kind, query.Reference);
            if (!_measured.TryGetValue(key, out var window))
            {
                _measured[key] = window = [];
            }

            if (window.Count == Window)
            {
                window.Dequeue();
            }

            window.Enqueue((query.Recall, query.SameFirst));
        }

        _queries.Add(1, new KeyValuePair<string, object?>("kind", query.Kind));
        _pairs.Add(query.Pairs);
    }

    private List<Measurement<double>> Means(Func<(double Recall, bool SameFirst), double> value)
    {
        lock (_gate)
        {
            return [.. _measured.Select(each => new Measurement<double>(each.Value.Average(value), Labels(each.Key)))];
        }
    }

    private List<Measurement<int>> Counts()
    {
        lock (_gate)
        {
            return [.. _measured.Select(each => new Measurement<int>(each.Value.Count, Labels(each.Key)))];
        }
    }

    private static KeyValuePair<string, object?>[] Labels((string Kind, string Reference) key) => [new("kind", key.Kind), new("reference", key.Reference)];
}
