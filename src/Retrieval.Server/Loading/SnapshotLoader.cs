using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Retrieval.Domain.Errors;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>
/// Loads the model and the index while the server already listens, and takes up newer generations of the index. A load
/// that fails leaves the replica not ready with the reason, and is tried again; a refresh that fails leaves what is
/// being served as it is.
/// </summary>
internal sealed partial class SnapshotLoader(
    SnapshotSource snapshots, WarmUp warmUp, Readiness readiness, ServerOptions options, TimeProvider time, ILogger<SnapshotLoader> logger) : IHostedLifecycleService, IDisposable
{
    private readonly PublicReason _reasons = new(options.Snapshot);
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;
    private string? _lastFault;

    /// <summary>Begins when the server listens: a probe is answered from the first moment, and nothing is loaded for a server that cannot listen.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _work = Task.Run(() => LoadAndFollowAsync(_stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task LoadAndFollowAsync(CancellationToken stoppingToken)
    {
        while (!await TryLoadAsync(stoppingToken).ConfigureAwait(false))
        {
            await Task.Delay(TimeSpan.FromSeconds(options.Snapshot.RetrySeconds), time, stoppingToken).ConfigureAwait(false);
        }

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Snapshot.RefreshSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            TryRefresh();
        }
    }

    private async Task<bool> TryLoadAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        try
        {
            snapshots.Load(cancellationToken);
            await warmUp.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            readiness.NotReady(_reasons.Of(exception));
            if (IsNews(exception))
            {
                LogLoadFailed(exception, options.Snapshot.RetrySeconds);
            }

            return false;
        }

        _lastFault = null;
        readiness.Ready();
        if (snapshots.Status is { } status)
        {
            var seconds = time.GetElapsedTime(began).TotalSeconds;
            LogLoaded(status.Label, status.Provider, status.Images, status.Captions, status.IndexEpoch, seconds);
            WarnOfPrevious(status);
        }

        return true;
    }

    private void TryRefresh()
    {
        try
        {
            if (snapshots.TryRefresh() && snapshots.Status is { } status)
            {
                LogRefreshed(status.IndexEpoch, status.Images, status.Captions);
                WarnOfPrevious(status);
            }

            _lastFault = null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (IsNews(exception))
            {
                LogRefreshFailed(exception);
            }
            else
            {
                LogRefreshFailedAgain();
            }
        }
    }

    private void WarnOfPrevious(SnapshotStatus status)
    {
        if (status.OpenedPrevious)
        {
            LogOpenedPrevious(status.IndexEpoch);
        }
    }

    // The same fault every second is one line in the log, not a flood.
    private bool IsNews(Exception exception)
    {
        var fault = exception is RetrievalException ? exception.Message : exception.ToString();
        var news = fault != _lastFault;
        _lastFault = fault;
        return news;
    }

    [LoggerMessage(EventId = 1100, Level = LogLevel.Information, Message = "Serving {Model} on {Provider}: {Images} images, {Captions} captions, index epoch {IndexEpoch}, loaded in {Seconds:0.0} s")]
    private partial void LogLoaded(string model, string provider, long images, long captions, long indexEpoch, double seconds);

    [LoggerMessage(EventId = 1101, Level = LogLevel.Error, Message = "Not ready: the model and the index could not be loaded; trying again every {Seconds} s")]
    private partial void LogLoadFailed(Exception exception, double seconds);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Information, Message = "Took up index epoch {IndexEpoch}: {Images} images, {Captions} captions")]
    private partial void LogRefreshed(long indexEpoch, long images, long captions);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Error, Message = "The newer generation of the index could not be taken up; the one before goes on being served")]
    private partial void LogRefreshFailed(Exception exception);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Debug, Message = "The newer generation of the index still cannot be taken up")]
    private partial void LogRefreshFailedAgain();

    [LoggerMessage(EventId = 1105, Level = LogLevel.Warning, Message = "The newest manifest of the index cannot be read: serving the generation before it, {IndexEpoch}, until the next commit")]
    private partial void LogOpenedPrevious(long indexEpoch);
}
