using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Loading;

/// <summary>
/// Sends each kind of query once before the first caller can: code is compiled, the embeddings are paged in, and the graphs
/// allocate their memory. This shows in the metrics of the device, not in those of queries.
/// </summary>
internal sealed class WarmUp(SnapshotSource snapshots, ComputeQueues queues, LimitsOptions limits, SearchOptions options, TimeProvider time)
{
    private const string Caption = "a";
    private const int Candidates = 32;

    /// <summary>Adapts the admission limit to the served model, unless it was configured.</summary>
    public void BoundAdmission()
    {
        if (limits.AdmittedPairs == 0)
        {
            using var snapshot = snapshots.Acquire();
            queues.BoundAdmission(snapshot.Model, options);
        }
    }

    /// <summary>Runs the queries. Does nothing if the index is empty.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        BoundAdmission();
        var candidates = Math.Min(Candidates, options.MaxShortlist);
        using var search = new SearchService(snapshots, options, SearchMetrics.None, time, queues);
        using var images = await search.ProbeAsync(new ImageSearchRequest { Caption = Caption, Top = 1, Shortlist = candidates }, cancellationToken).ConfigureAwait(false);
        if (images.Hits.Count > 0)
        {
            using var captions = await search.ProbeAsync(new CaptionSearchRequest { ImageId = images.Hits[0].Id, Top = 1, Shortlist = candidates }, cancellationToken).ConfigureAwait(false);
        }
    }
}
