using Microsoft.Extensions.Logging;
using Retrieval.Domain.Errors;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;
using Retrieval.Storage.Errors;

namespace Retrieval.Server.Loading;

/// <summary>
/// Loads the model and the index while the server already listens, and switches to newer generations of the index. A failed load
/// leaves the replica not ready, with the reason, and is retried; a failed refresh leaves what is served unchanged.
/// </summary>
internal sealed partial class SnapshotLoader(
    SnapshotSource snapshots, WarmUp warmUp, Readiness readiness, PublicReason reasons, ServerSnapshotOptions options, TimeProvider time, ILogger<SnapshotLoader> logger) : LoaderService
{
    private readonly LastFault _fault = new();
    private readonly LastFault _manifest = new();

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await snapshots.ModelAsync.WaitAsync(stoppingToken).ConfigureAwait(false);
        while (true)
        {
            await LoadAsync(stoppingToken).ConfigureAwait(false);
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.RefreshSeconds), time);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false) && snapshots.Status is not null)
            {
                TryRefresh(stoppingToken);
            }

            // Only a further index comes here: the bundle that it was opened with is no longer served.
        }
    }

    private async Task LoadAsync(CancellationToken stoppingToken)
    {
        while (!await TryLoadAsync(stoppingToken).ConfigureAwait(false))
        {
            await Task.Delay(TimeSpan.FromSeconds(options.RetrySeconds), time, stoppingToken).ConfigureAwait(false);
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
            readiness.NotReady(reasons.Of(exception));
            if (_fault.IsNews(exception))
            {
                LogLoadFailed(exception.Message, options.RetrySeconds, Unexpected(exception));
            }

            return false;
        }

        _fault.Clear();
        readiness.Ready();
        if (snapshots.Status is { } status)
        {
            var seconds = time.GetElapsedTime(began).TotalSeconds;
            LogLoaded(status.Label, status.Provider, status.Images, status.Captions, status.IndexEpoch, seconds);
            NoteManifest(status);
        }

        return true;
    }

    private void TryRefresh(CancellationToken cancellationToken)
    {
        try
        {
            if (snapshots.TryRefresh(cancellationToken) && snapshots.Status is { } status)
            {
                warmUp.BoundAdmission();
                LogRefreshed(status.IndexEpoch, status.Images, status.Captions);
            }

            NoteManifest(snapshots.Status);
            _fault.Clear();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            readiness.Note(exception is IndexCorruptException
                ? $"the index is served as it was opened, and cannot be opened again: {reasons.Of(exception)}"
                : $"a newer generation of the index could not be loaded: {reasons.Of(exception)}");
            if (_fault.IsNews(exception))
            {
                LogRefreshFailed(exception.Message, Unexpected(exception));
            }
            else
            {
                LogRefreshFailedAgain();
            }
        }
    }

    // What is served is intact. But with one more fault, the last commit could no longer be determined.
    private void NoteManifest(SnapshotStatus? status)
    {
        if (status?.ManifestFault is not { } fault)
        {
            readiness.Note(null);
            _manifest.Clear();
            return;
        }

        readiness.Note($"one of the two files of the index's manifest is missing or damaged ({fault}); the index is served whole from the other, and the next write or 'retrieval index repair' mends it");
        if (_manifest.IsNews(fault))
        {
            LogManifestDamaged(fault, status.IndexEpoch);
        }
    }

    [LoggerMessage(EventId = 1100, Level = LogLevel.Information, Message = "Serving {Model} on {Provider}: {Images} images, {Captions} captions, index epoch {IndexEpoch}, loaded in {Seconds:0.0} s")]
    private partial void LogLoaded(string model, string provider, long images, long captions, long indexEpoch, double seconds);

    /// <summary>What needs a stack trace: a message written for the operator says all by itself.</summary>
    private static Exception? Unexpected(Exception exception) => exception is RetrievalException ? null : exception;

    [LoggerMessage(EventId = 1101, Level = LogLevel.Error, Message = "Not ready: the model and the index could not be loaded; trying again every {Seconds} s: {Reason}")]
    private partial void LogLoadFailed(string reason, double seconds, Exception? exception);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Information, Message = "Took up index epoch {IndexEpoch}: {Images} images, {Captions} captions")]
    private partial void LogRefreshed(long indexEpoch, long images, long captions);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Error, Message = "The newer generation of the index could not be loaded; the previous one is still served: {Reason}")]
    private partial void LogRefreshFailed(string reason, Exception? exception);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Debug, Message = "The newer generation of the index still cannot be loaded")]
    private partial void LogRefreshFailedAgain();

    [LoggerMessage(EventId = 1105, Level = LogLevel.Warning, Message = "One of the two files of the index's manifest is missing or damaged ({Fault}). Index epoch {IndexEpoch} is served whole from the other; the next write or 'retrieval index repair' mends it")]
    private partial void LogManifestDamaged(string fault, long indexEpoch);
}
