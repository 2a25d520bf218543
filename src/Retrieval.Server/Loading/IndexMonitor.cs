using Microsoft.Extensions.Logging;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>
/// Checks whether the files of the served index still have their committed lengths, and whether all reads of them have succeeded.
/// If not, requests are refused and readiness is red with the reason; when the files are intact again, the index is reopened.
/// </summary>
internal sealed partial class IndexMonitor(SnapshotSource snapshots, IndexHealth health, ReplicaRepair repair, ServerSnapshotOptions options, TimeProvider time, ILogger<IndexMonitor> logger) : LoaderService
{
    private readonly LastFault _fault = new();
    private bool _red;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.RefreshSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                Look(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Usually not intact yet. Readiness stays red.
                if (_fault.IsNews(exception))
                {
                    LogNotReopened(exception);
                }
            }
        }
    }

    private void Look(CancellationToken cancellationToken)
    {
        if (snapshots.FindDamage() is { } damage)
        {
            health.Missing($"{damage.File}: {damage.Reason}");
            if (!_red)
            {
                _red = true;
                LogDamaged(damage);
            }

            if (snapshots.Status?.Served is { } copy)
            {
                repair.Ask(copy.Folder);
            }

            if (!snapshots.TryReopen(cancellationToken))
            {
                return;
            }
        }

        if (_red)
        {
            _red = false;
            _fault.Clear();
            health.Missing(null);
            LogReopened(snapshots.Status?.IndexEpoch ?? 0);
        }
    }

    [LoggerMessage(EventId = 1132, Level = LogLevel.Error, Message = "Not ready: a file of the index was cut short or cannot be read; what is asked of it is refused until it is whole again")]
    private partial void LogDamaged(Exception exception);

    [LoggerMessage(EventId = 1133, Level = LogLevel.Warning, Message = "The damaged index could not be opened again; it is tried on")]
    private partial void LogNotReopened(Exception exception);

    [LoggerMessage(EventId = 1134, Level = LogLevel.Information, Message = "The index is whole again: epoch {IndexEpoch} is served")]
    private partial void LogReopened(long indexEpoch);
}
