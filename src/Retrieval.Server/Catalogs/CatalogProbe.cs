using Microsoft.Extensions.Logging;
using Retrieval.Search.Replication;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Catalogs;

/// <summary>
/// While queries run without the catalog, or after one of them was late, periodically sends it a minimal query. The follower's
/// poll would also detect that it answers again, but that takes minutes while it copies a large index.
/// </summary>
internal sealed partial class CatalogProbe(Catalog catalog, CatalogCircuitBreaker link, PostgresOptions options, TimeProvider time, ILogger<CatalogProbe> logger) : LoaderService
{
    private readonly LastFault _fault = new();

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.FollowSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (!link.MayAsk || link.IsDoubtful)
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
            _fault.Clear();
        }
        catch (CatalogUnavailableException)
        {
            // Unavailable; the follower reports why.
            link.Failed();
        }
        catch (CatalogException)
        {
            link.Answered(probe);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Any failure is caught: without a probe, queries would go without the catalog for as long as the follower copies.
            if (_fault.IsNews(exception))
            {
                LogFailed(exception);
            }
        }
    }

    [LoggerMessage(EventId = 1160, Level = LogLevel.Warning, Message = "Whether the catalog answers could not be found out; it is tried again")]
    private partial void LogFailed(Exception exception);
}
