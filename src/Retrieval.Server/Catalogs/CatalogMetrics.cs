using System.Diagnostics.Metrics;
using Retrieval.Domain.Telemetry;
using Retrieval.Search.Replication;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Catalogs;

/// <summary>State of this replica relative to the catalog.</summary>
internal sealed class CatalogMetrics
{
    private readonly Counter<long> _rows;
    private readonly Counter<long> _bytes;

    public CatalogMetrics(IMeterFactory meters, CatalogCircuitBreaker link, FollowState state)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("retrieval.catalog.up", () => link.IsUp ? 1 : 0, description: "1 if Postgres answered the last question, otherwise 0");
        meter.CreateObservableGauge("retrieval.follow.lag", () => Seconds(link), "s", "Time since Postgres last answered the follower");
        meter.CreateObservableGauge("retrieval.follow.lag.epochs", () => state.Report.Lag, description: "Changes of the catalog that this replica does not serve yet");
        meter.CreateObservableGauge("retrieval.follow.refused", () => state.Report.Refusal is null ? 0 : 1, description: "1 if the index that is to be served cannot be, and the former one is served on");
        _rows = meter.CreateCounter<long>("retrieval.hydration.rows", "{image}", "Images fetched from the catalog, deletions included").FromZero();
        _bytes = meter.CreateCounter<long>("retrieval.hydration.bytes", "By", "Bytes fetched from the catalog").FromZero();
    }

    /// <summary>A step of the follower has ended.</summary>
    public void Followed(long rows, long bytes)
    {
        _rows.Add(rows);
        _bytes.Add(bytes);
    }

    private static IEnumerable<Measurement<double>> Seconds(CatalogCircuitBreaker link) =>
        link.SinceAnswer is { } since ? [new Measurement<double>(since.TotalSeconds)] : [];
}
