using System.Globalization;
using Microsoft.Extensions.Logging;
using Retrieval.Inference.Banks;
using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;
using Retrieval.Server.Loading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Server.Catalogs;

/// <summary>
/// Maintains this replica's copy of the catalog's index and serves it. The index that was served last is served at once,
/// whether Postgres answers or not; without a copy the replica is not ready until it has made one. From then on no failure of
/// Postgres makes it unready: it has everything it needs to answer.
/// </summary>
internal sealed partial class CatalogLoader(
    SnapshotSource snapshots,
    Catalog catalog,
    CatalogCircuitBreaker link,
    FollowState state,
    CatalogMetrics metrics,
    WarmUp warmUp,
    PublicReason reasons,
    ReplicaRepair repair,
    Readiness readiness,
    ServerOptions options,
    TimeProvider time,
    ILogger<CatalogLoader> logger) : LoaderService
{
    private readonly LastFault _fault = new();
    private readonly LastFault _refusal = new();
    private readonly LastFault _trouble = new();
    private bool _unserved;
    private bool _migrated = !options.Postgres.Migrate;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await snapshots.ModelAsync.WaitAsync(stoppingToken).ConfigureAwait(false);
        BundleSet? bundles;
        while ((bundles = ReadBundles()) is null)
        {
            await Task.Delay(TimeSpan.FromSeconds(options.Snapshot.RetrySeconds), time, stoppingToken).ConfigureAwait(false);
        }

        var following = new FollowerOptions
        {
            CacheFolder = options.Snapshot.Index,
            IndexName = options.Postgres.Index.Length == 0 ? null : options.Postgres.Index,
            Streams = options.Postgres.Streams,
        };
        var follower = new CatalogFollower(catalog, following, bundles.Schemas, time);
        await using (follower.ConfigureAwait(false))
        {
            await Guard(() => ServeAsync(follower.OpenCached(), stoppingToken), stoppingToken).ConfigureAwait(false);
            while (true)
            {
                if (!await Guard(() => LookAsync(follower, stoppingToken), stoppingToken).ConfigureAwait(false))
                {
                    // A failed load is retried at its own interval; an unavailable catalog, at the interval of the polls.
                    await state.PauseAsync(TimeSpan.FromSeconds(_unserved ? options.Snapshot.RetrySeconds : options.Postgres.FollowSeconds), time, stoppingToken).ConfigureAwait(false);
                }
            }
        }
    }

    private BundleSet? ReadBundles()
    {
        try
        {
            return snapshots.ReadBundles();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Failed(exception);
            return null;
        }
    }

    /// <summary>One poll; returns whether there is more to do at once.</summary>
    private async Task<bool> LookAsync(CatalogFollower follower, CancellationToken cancellationToken)
    {
        var probe = link.Probe();
        FollowStep step;
        try
        {
            if (!_migrated)
            {
                await Migrator.MigrateAsync(catalog, null, cancellationToken).ConfigureAwait(false);
                _migrated = true;
            }

            if (repair.Take() is { } damaged && follower.TryGiveUp(damaged))
            {
                LogGivenUp();
            }

            step = await follower.StepAsync(new HydrationWatch(this), cancellationToken).ConfigureAwait(false);
        }
        catch (CatalogUnavailableException)
        {
            link.Failed();
            throw;
        }
        catch (CatalogException)
        {
            // It answers, even if not with what is wanted.
            link.Answered(probe);
            throw;
        }

        link.Answered(probe);
        metrics.Followed(step.Applied, step.Bytes);
        NoteEpoch(step);
        if (step.Changed || _unserved || snapshots.Status is null)
        {
            await ServeAsync(step.Index, cancellationToken).ConfigureAwait(false);
        }

        Note(step);
        if (_fault.Clear() && step.Refusal is null)
        {
            LogFollowing(step.CatalogEpoch);
        }

        return step.More;
    }

    private async Task<bool> ServeAsync(FollowedIndex? index, CancellationToken cancellationToken)
    {
        if (index is null)
        {
            return false;
        }

        var began = time.GetTimestamp();
        var former = snapshots.Status?.Served;
        _unserved = true;
        snapshots.Switch(new ServedIndex(index.Path, index.Name, index.IndexId, index.Fingerprint), cancellationToken);
        warmUp.BoundAdmission();
        if (snapshots.Status is not { } status)
        {
            // A further index, and another bundle was switched to meanwhile.
            return false;
        }

        state.Set(state.Report with { Served = status.Served, ServedEpoch = status.IndexEpoch });
        if (!readiness.IsLoaded)
        {
            await warmUp.RunAsync(cancellationToken).ConfigureAwait(false);
            readiness.Ready();
            var seconds = time.GetElapsedTime(began).TotalSeconds;
            LogServing(status.Label, index.Name, status.Images, status.Captions, status.IndexEpoch, seconds);
        }
        else if (former is not null && former.IndexId != index.IndexId)
        {
            LogSwitched(former.Name, index.Name, status.Label, status.IndexEpoch, status.Images, status.Captions);
        }
        else
        {
            LogTookUp(index.Name, status.Label, status.IndexEpoch, status.Images, status.Captions);
        }

        // Only now: a failure on the way here has to be retried.
        _unserved = false;
        return true;
    }

    // Before it is served: changes that cannot be loaded are changes that this replica lags behind.
    private void NoteEpoch(FollowStep step)
    {
        if (step is { Refusal: null, More: false, Index: { } index } && index.IndexId == state.Report.Served?.IndexId)
        {
            state.Set(state.Report with { CatalogEpoch = step.CatalogEpoch });
        }
    }

    private void Note(FollowStep step)
    {
        var status = snapshots.Status;
        var served = status?.IndexEpoch ?? 0;

        // The number refers to the index that is to be served: while another one is served, there is nothing to compare.
        var same = step.Refusal is null && !step.More;
        var refusal = step.Refusal is null ? null : reasons.Of(step.Refusal);
        state.Set(new FollowReport(status?.Served, served, same ? step.CatalogEpoch : served, refusal, step.Warning is null ? null : reasons.Of(step.Warning)));
        if (step.Refusal is null)
        {
            _refusal.Clear();
        }
        else if (_refusal.IsNews(step.Refusal))
        {
            LogRefused(step.Refusal);
        }

        if (step.Warning is { } trouble && _trouble.IsNews(trouble))
        {
            LogProblem(trouble);
        }

        readiness.Note(refusal);
        if (status is null)
        {
            readiness.NotReady(refusal ?? "the catalog has no index to serve yet");
        }
    }

    // Any failure is reported and retried; only the end of the server ends the loop.
    private async Task<bool> Guard(Func<Task<bool>> work, CancellationToken stoppingToken)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            Failed(exception);
            return false;
        }
    }

    private void Failed(Exception exception)
    {
        if (snapshots.Status is null || !readiness.IsLoaded)
        {
            readiness.NotReady(reasons.Of(exception));
        }
        else if (exception is BankTooLargeException)
        {
            readiness.Note($"the newest changes could not be loaded: {reasons.Of(exception)}");
        }

        if (_fault.IsNews(exception))
        {
            LogFailed(exception);
        }
    }

    private void Hydrating(HydrationProgress progress)
    {
        if (snapshots.Status is null)
        {
            readiness.NotReady(string.Create(CultureInfo.InvariantCulture, $"hydrating index {progress.Index}: {progress.Rows:N0} of {progress.TotalRows:N0} images"));
        }
    }

    private sealed class HydrationWatch(CatalogLoader loader) : IProgress<HydrationProgress>
    {
        public void Report(HydrationProgress value) => loader.Hydrating(value);
    }

    [LoggerMessage(EventId = 1150, Level = LogLevel.Information, Message = "Serving {Model} from index {Index} of the catalog: {Images} images, {Captions} captions, epoch {Epoch}, opened in {Seconds:0.0} s")]
    private partial void LogServing(string model, string index, long images, long captions, long epoch, double seconds);

    [LoggerMessage(EventId = 1155, Level = LogLevel.Information, Message = "Switched from index {Former} to {Index} of {Model} at epoch {Epoch}: {Images} images, {Captions} captions")]
    private partial void LogSwitched(string former, string index, string model, long epoch, long images, long captions);

    [LoggerMessage(EventId = 1151, Level = LogLevel.Debug, Message = "Took up index {Index} of {Model} at epoch {Epoch}: {Images} images, {Captions} captions")]
    private partial void LogTookUp(string index, string model, long epoch, long images, long captions);

    [LoggerMessage(EventId = 1152, Level = LogLevel.Warning, Message = "The catalog could not be followed; what is served is served on, and it is tried again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventId = 1157, Level = LogLevel.Information, Message = "The catalog is followed again; it is at epoch {Epoch}")]
    private partial void LogFollowing(long epoch);

    [LoggerMessage(EventId = 1156, Level = LogLevel.Warning, Message = "The copy that is served is damaged; a new one is fetched from the catalog")]
    private partial void LogGivenUp();

    [LoggerMessage(EventId = 1153, Level = LogLevel.Error, Message = "The index that is to be served is refused: {Refusal}")]
    private partial void LogRefused(string refusal);

    [LoggerMessage(EventId = 1154, Level = LogLevel.Warning, Message = "Following the catalog: {Trouble}")]
    private partial void LogProblem(string trouble);
}
