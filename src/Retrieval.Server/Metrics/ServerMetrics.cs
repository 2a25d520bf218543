using System.Diagnostics.Metrics;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Health;

namespace Retrieval.Server.Metrics;

/// <summary>What this replica serves and whether it can.</summary>
internal sealed class ServerMetrics
{
    public const string MeterName = "Retrieval.Server";

    public ServerMetrics(IMeterFactory meters, SnapshotSource snapshots, Readiness readiness)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("retrieval.ready", () => readiness.Current.IsReady ? 1 : 0, description: "1 if this replica can answer queries, otherwise 0");
        meter.CreateObservableGauge("retrieval.index.images", () => Served(snapshots, status => status.Images), "{image}", "Images of the index that is served");
        meter.CreateObservableGauge("retrieval.index.captions", () => Served(snapshots, status => status.Captions), "{caption}", "Captions of the index that is served");
        meter.CreateObservableGauge("retrieval.index.epoch", () => Served(snapshots, status => status.IndexEpoch), description: "Generation of the index that is served");
        meter.CreateObservableGauge("retrieval.model.info", () => Model(snapshots), description: "1, with the model that is served and where it runs");
    }

    private static IEnumerable<Measurement<long>> Served(SnapshotSource snapshots, Func<SnapshotStatus, long> value) =>
        snapshots.Status is { } status ? [new Measurement<long>(value(status))] : [];

    private static IEnumerable<Measurement<int>> Model(SnapshotSource snapshots) => snapshots.Status is { } status
        ? [new Measurement<int>(1, new KeyValuePair<string, object?>("model", status.Label), new KeyValuePair<string, object?>("provider", status.Provider))]
        : [];
}
