using System.Diagnostics.Metrics;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Health;

namespace Retrieval.Server.Metrics;

/// <summary>What this replica serves and whether it is able to.</summary>
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
        meter.CreateObservableGauge("retrieval.bank.rows", () => Banks(snapshots, bank => bank.Rows), "{record}", "Records of a bank, deleted ones included");
        meter.CreateObservableGauge("retrieval.bank.capacity", () => Banks(snapshots, bank => bank.Capacity), "{record}", "Records a bank has room for without growing");
        meter.CreateObservableGauge("retrieval.bank.size", () => Banks(snapshots, bank => bank.Bytes), "By", "Bytes of a bank's records");
        meter.CreateObservableGauge("retrieval.bank.resident", () => Banks(snapshots, bank => bank.ResidentBytes), "By", "Bytes of the device's memory that a bank takes; 0 where it is the mapped index itself");
        meter.CreateObservableGauge("retrieval.device.memory.total", () => Served(snapshots, status => status.Device.TotalBytes), "By", "Memory of the device");
        meter.CreateObservableGauge("retrieval.device.memory.free", () => FreeBytes(snapshots), "By", "Memory of the device that a further bank may take");
        meter.CreateObservableGauge("retrieval.model.info", () => Model(snapshots), description: "1, with the model that is served and where it runs");
    }

    private static IEnumerable<Measurement<long>> Served(SnapshotSource snapshots, Func<SnapshotStatus, long> value) =>
        snapshots.Status is { } status ? [new Measurement<long>(value(status))] : [];

    // Read from the device: one that has failed gives no answer, and the other metrics are needed then more than ever.
    private static IEnumerable<Measurement<long>> FreeBytes(SnapshotSource snapshots)
    {
        try
        {
            return [.. Served(snapshots, status => status.Device.FreeBytes())];
        }
        catch (DeviceException)
        {
            return [];
        }
    }

    private static IEnumerable<Measurement<long>> Banks(SnapshotSource snapshots, Func<BankStatus, long> value) =>
        snapshots.Status is { } status
            ? status.Banks.Select(bank => new Measurement<long>(value(bank), new KeyValuePair<string, object?>("side", bank.Side == RecordSide.Image ? "image" : "caption")))
            : [];

    private static IEnumerable<Measurement<int>> Model(SnapshotSource snapshots) => snapshots.Status is { } status
        ? [new Measurement<int>(1, new KeyValuePair<string, object?>("model", status.Label), new KeyValuePair<string, object?>("provider", status.Provider))]
        : [];
}
