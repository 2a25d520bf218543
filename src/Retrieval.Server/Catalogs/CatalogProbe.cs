using Retrieval.Domain.Errors;
using Retrieval.Search.Catalogs;
using Retrieval.Server.Configuration;
using Retrieval.Server.Loading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Catalogs;

/// <summary>
/// While queries do without the catalog, asks it the smallest of questions now and then. The follower's look would tell as
/// well, but while that copies a large index it takes minutes.
/// </summary>
internal sealed class CatalogProbe(Catalog catalog, CatalogLink link, ServerOptions options, TimeProvider time) : LoaderService
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Postgres.FollowSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (!link.MayAsk)
            {
                await ProbeAsync(stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        var probe = link.Probe();
        try
        {
            await CatalogIndexes.FindActiveAsync(catalog, cancellationToken).ConfigureAwait(false);
            link.Answered(probe);
        }
        catch (RetrievalException)
        {
            // Still away; who follows it tells why.
        }
    }
}
