using Microsoft.Extensions.Logging;
using Retrieval.Search.Replication;
using Retrieval.Server.Configuration;
using Retrieval.Server.Loading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Catalogs;

/// <summary>
/// While queries do without the catalog, or one of them came late, asks it the smallest of questions now and then. The
/// follower's look would tell as well, but while that copies a large index it takes minutes.
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
            // Away; who follows it tells why.
            link.Failed();
        }
        catch (CatalogException)
        {
            link.Answered(probe);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, without a probe queries would do without the catalog for as long as the follower copies.
            if (_fault.IsNews(exception))
            {
                LogFailed(exception);
            }
        }
    }

    [LoggerMessage(EventId = 1160, Level = LogLevel.Warning, Message = "Whether the catalog answers could not be found out; it is tried again")]
    private partial void LogFailed(Exception exception);
}
