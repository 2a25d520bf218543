using System.Diagnostics.Metrics;
using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Further;

/// <summary>What is held beside the served index. No further index, no series.</summary>
internal sealed class FurtherIndexMetrics
{
    public FurtherIndexMetrics(IMeterFactory meters, FurtherIndexes further)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("retrieval.further.ready", () => further.All.Select(index => Of(index, index.WhyNot is null ? 1L : 0)), description: "1 if an index that is held beside the served one can be searched, otherwise 0");
        meter.CreateObservableGauge("retrieval.further.images", () => Held(further, status => status.Images), "{image}", "Images of an index that is held beside the served one");
        meter.CreateObservableGauge("retrieval.further.epoch", () => Held(further, status => status.IndexEpoch), description: "Generation of an index that is held beside the served one");
        meter.CreateObservableGauge("retrieval.further.resident", () => Held(further, status => status.Banks.Sum(bank => bank.ResidentBytes)), "By", "Bytes of the device's memory that the banks of an index take which is held beside the served one");
        meter.CreateObservableGauge("retrieval.further.lag.epochs", () => Followed(further, report => report.Lag), description: "Changes of the catalog of an index that is held beside the served one which this replica does not serve yet");
        meter.CreateObservableGauge("retrieval.further.refused", () => Followed(further, report => report.Refusal is null ? 0 : 1), description: "1 if an index that is held beside the served one cannot be followed as it is in the catalog");
    }

    private static IEnumerable<Measurement<long>> Followed(FurtherIndexes further, Func<FollowReport, long> value) =>
        further.All.Where(index => index.Following is not null).Select(index => Of(index, value(index.Following!.Report)));

    private static IEnumerable<Measurement<long>> Held(FurtherIndexes further, Func<SnapshotStatus, long> value) =>
        further.All.Where(index => index.Snapshots.Status is not null).Select(index => Of(index, value(index.Snapshots.Status!)));

    private static Measurement<long> Of(FurtherIndex index, long value) => new(value, new KeyValuePair<string, object?>("index", index.Name));
}
