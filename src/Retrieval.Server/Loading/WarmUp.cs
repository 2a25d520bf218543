using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Loading;

/// <summary>
/// Asks each question once before the first caller can: code is compiled, the embeddings are paged in, and the graphs
/// have their memory. It shows in the metrics of the device, not in those of queries.
/// </summary>
internal sealed class WarmUp(SnapshotSource snapshots, ComputeQueues queues, ServerOptions server, TimeProvider time)
{
    private const string Caption = "a";
    private const int Candidates = 32;

    /// <summary>Fits what is admitted to the model that is served, unless it was configured.</summary>
    public void BoundAdmission()
    {
        if (server.Limits.AdmittedPairs == 0)
        {
            using var snapshot = snapshots.Acquire();
            queues.BoundAdmission(snapshot.Model, server.Search);
        }
    }

    /// <summary>Asks. Does nothing if the index is empty.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        BoundAdmission();
        var options = server.Search;
        var candidates = Math.Min(Candidates, options.MaxShortlist);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var search = new SearchService(snapshots, options, new SearchMetrics(meters.GetRequiredService<IMeterFactory>()), time, queues);
        using var images = await search.SearchAdmittedAsync(search.Check(new ImageSearchRequest { Caption = Caption, Top = 1, Shortlist = candidates }), cancellationToken).ConfigureAwait(false);
        if (images.Hits.Count > 0)
        {
            using var captions = await search.SearchAdmittedAsync(search.Check(new CaptionSearchRequest { ImageId = images.Hits[0].Id, Top = 1, Shortlist = candidates }), cancellationToken).ConfigureAwait(false);
        }
    }
}
