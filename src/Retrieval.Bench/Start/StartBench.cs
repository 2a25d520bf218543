using System.Diagnostics;
using Retrieval.Inference;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Start;

/// <summary>
/// Measures the start up to the first answer: bundle verified and loaded, index opened, then the first query compared with later ones.
/// </summary>
internal static class StartBench
{
    private const int QueriesAfter = 5;

    public static async Task<StartReport> RunAsync(string bundle, string index, int repetitions, InferenceOptions inference, CancellationToken cancellationToken)
    {
        var loads = new List<double>();
        var firsts = new List<double>();
        var later = new List<double>();
        long images = 0;
        DeviceView? device = null;
        for (var repetition = 0; repetition < repetitions; repetition++)
        {
            using var snapshots = new SnapshotSource(new SnapshotOptions { Bundle = bundle, Index = index, Inference = inference });
            var started = Stopwatch.GetTimestamp();
            snapshots.Load(cancellationToken);
            loads.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            images = snapshots.Status?.Images ?? 0;
            using (var snapshot = snapshots.Acquire())
            {
                device = DeviceView.Of(snapshot.Model.Device);
            }

            using var queues = new ComputeQueues();
            using var service = new SearchService(snapshots, new SearchOptions(), SearchMetrics.None, TimeProvider.System, queues);
            for (var query = 0; query <= QueriesAfter; query++)
            {
                started = Stopwatch.GetTimestamp();
                using var answer = await service.SearchAsync(new ImageSearchRequest { Caption = "one two three four five six seven eight" }, cancellationToken).ConfigureAwait(false);
                (query == 0 ? firsts : later).Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        return new StartReport(Machine.Current(), device!, images, Samples.Of(loads), Samples.Of(firsts), Samples.Of(later));
    }
}
