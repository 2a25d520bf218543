using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Ingestions;

/// <summary>
/// Runs ingestions in the background, one at a time. Anything that prevents a run is reported to the caller who requests it.
/// Once started, the run continues without the caller until it ends, is cancelled, or the server stops. In that last case it
/// stops after the current window has been committed, and another run resumes there.
/// </summary>
internal sealed partial class IngestionRunner(
    SnapshotSource snapshots, ComputeQueues queues, IRunRegistry registry, SourceRoots roots, IngestionMetrics metrics, LimitsOptions limits, ImageBounds bounds, TimeProvider time, ILogger<IngestionRunner> logger)
    : IHostedService, IDisposable
{
    // Share of the time that requests have to finish; a window that takes longer is dropped.
    private const double ShareOfDrain = 0.5;

    // Of what a run held, once it has ended for whoever asks.
    private static readonly TimeSpan LongestRelease = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _killing = new();
    private readonly Lock _gate = new();
    private bool _busy;
    private bool _disposed;
    private (Guid Id, CancellationTokenSource Cancel)? _current;
    private Task _work = Task.CompletedTask;

    /// <summary>Starts a run.</summary>
    /// <exception cref="ForbiddenException">No roots are configured, or the source leads out of them.</exception>
    /// <exception cref="ConflictException">Another run is active.</exception>
    /// <exception cref="RetrievalException">The source cannot be used, or there is nowhere to store it.</exception>
    public async Task<KnownRun> StartAsync(IngestionOrder order, CancellationToken cancellationToken)
    {
        if (!roots.Any)
        {
            throw new ForbiddenException("no ingestion can be started over HTTP: no folder that sources may lie in is configured (Ingestion:Roots)");
        }

        await LetGoAsync(cancellationToken).ConfigureAwait(false);
        Enter();
        var begun = false;
        try
        {
            var id = Guid.NewGuid();
            var parts = new Stack<IDisposable>();
            try
            {
                var model = snapshots.AcquireModel();
                parts.Push(model);
                var manifest = model.Model.Manifest;
                var (source, key) = order.Open(roots, new FeatureExpectation { RegionCount = manifest.Regions, RegionWidth = manifest.RegionWidth });
                parts.Push(source);
                var run = new IngestionRun(id, key, order.Replace, time.GetUtcNow());
                var (started, answer) = await BeginAsync(order, run, model, source, cancellationToken).ConfigureAwait(false);
                begun = true;
                _work = Task.Run(() => RunAsync(run, started, parts), CancellationToken.None);
                return answer;
            }
            finally
            {
                if (!begun)
                {
                    Release(parts);
                }
            }
        }
        finally
        {
            if (!begun)
            {
                Leave();
            }
        }
    }

    /// <summary>Asks a run to stop, wherever it runs.</summary>
    /// <returns>The run as it is now; null if there is none with this id.</returns>
    public async Task<KnownRun?> CancelAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await registry.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } run)
        {
            return null;
        }

        if (run.Standing == RunStanding.Running)
        {
            await registry.CancelAsync(id, cancellationToken).ConfigureAwait(false);
        }

        // A run that has stored everything may still be building the nearest-neighbour indexes here.
        lock (_gate)
        {
            if (_current is { } current && current.Id == id)
            {
                current.Cancel.Cancel();
            }
        }

        return await registry.FindAsync(id, cancellationToken).ConfigureAwait(false);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        var grace = TimeSpan.FromSeconds(limits.DrainSeconds * ShareOfDrain);
        await _work.WaitAsync(grace, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _killing.CancelAsync().ConfigureAwait(false);
        await _work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Registered both as itself and as a hosted service, so it is disposed of twice.
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _killing.Cancel();
            _stopping.Dispose();
            _killing.Dispose();
        }
    }

    private async Task<(StartedIngestion Started, KnownRun Answer)> BeginAsync(IngestionOrder order, IngestionRun run, ModelLease model, IFeatureSource source, CancellationToken cancellationToken)
    {
        var defaults = new IngestionOptions { SourceKey = run.SourceKey };
        var job = new IngestionJob(
            model.Model, defaults with { BatchRows = order.BatchRows ?? defaults.BatchRows, Restart = order.Restart, Replace = order.Replace, Bounds = bounds }, time, queues.Device);
        var target = await registry.TargetAsync(run, model, cancellationToken).ConfigureAwait(false);
        var started = await job.StartAsync(source, target, cancellationToken).ConfigureAwait(false);
        try
        {
            await registry.BegunAsync(run, started, cancellationToken).ConfigureAwait(false);
            var answer = await registry.FindAsync(run.Id, cancellationToken).ConfigureAwait(false);
            return (started, answer ?? throw new InvalidOperationException($"run {run.Id} is not in the registry that it was just entered in"));
        }
        catch (Exception exception)
        {
            // It has already locked its source, and nothing else would ever release it.
            await using (started.ConfigureAwait(false))
            {
                registry.Ended(run, null, exception);
                await target.AbandonAsync(exception is ConflictException ? new IngestionStoppedException(started.Before.Rows, "another run was at work") : exception).ConfigureAwait(false);
            }

            throw;
        }
    }

    private async Task RunAsync(IngestionRun run, StartedIngestion started, Stack<IDisposable> parts)
    {
        IngestionReport? report = null;
        Exception? cause = null;
        metrics.Began();
        LogBegan(run.Id);
        CancellationTokenSource? cancel = null;
        try
        {
            cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            lock (_gate)
            {
                _current = (run.Id, cancel);
            }

            await using (started.ConfigureAwait(false))
            {
                var watch = new IngestionProgressObserver((value, warnings) => Progressed(run, value, warnings, started), metrics, started.Before);
                report = await started.RunAsync(watch, cancel.Token, _killing.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            cause = exception;
        }
        finally
        {
            lock (_gate)
            {
                _current = null;
            }

            // Not before: who cancels the run does so through its place there.
            cancel?.Dispose();
            Release(parts);
            registry.Ended(run, report, cause);
            metrics.Ended(cause);
            Tell(run, report, cause);
            Leave();
        }
    }

    private void Progressed(IngestionRun run, IngestionProgress value, IEnumerable<string> warnings, StartedIngestion started)
    {
        registry.Progressed(run, value, started);
        foreach (var warning in warnings)
        {
            LogWarned(run.Id, warning);
        }
    }

    private void Tell(IngestionRun run, IngestionReport? report, Exception? cause)
    {
        switch (cause)
        {
            case null:
                LogCompleted(run.Id, report!.Progress.Rows, report.Progress.Ingested, report.Progress.Rejected);
                break;
            case IngestionStoppedException or OperationCanceledException:
                LogStopped(run.Id);
                break;
            default:
                LogFailed(cause, run.Id);
                break;
        }
    }

    // Whoever has seen a run's end may start the next one: it may just be releasing what it held. One that builds indexes takes longer.
    private async Task LetGoAsync(CancellationToken cancellationToken)
    {
        Guid? current;
        Task work;
        lock (_gate)
        {
            (current, work) = (_current?.Id, _work);
        }

        if (work.IsCompleted || (current is { } id && (await registry.FindAsync(id, cancellationToken).ConfigureAwait(false))?.Standing == RunStanding.Running))
        {
            return;
        }

        await work.WaitAsync(LongestRelease, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Enter()
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
            {
                throw new ConflictException("this replica is shutting down");
            }

            if (_busy)
            {
                throw new ConflictException(_current is { } current ? $"ingestion {current.Id:D} is at work in this replica; wait for it to end, or cancel it" : "an ingestion is just being started in this replica");
            }

            _busy = true;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _busy = false;
        }
    }

    private static void Release(Stack<IDisposable> parts)
    {
        while (parts.TryPop(out var part))
        {
            part.Dispose();
        }
    }

    [LoggerMessage(EventId = 1400, Level = LogLevel.Information, Message = "Ingestion {Run} began")]
    private partial void LogBegan(Guid run);

    [LoggerMessage(EventId = 1401, Level = LogLevel.Information, Message = "Ingestion {Run} completed: {Rows} rows, {Stored} stored, {Rejected} rejected")]
    private partial void LogCompleted(Guid run, long rows, long stored, long rejected);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Information, Message = "Ingestion {Run} was stopped; another run resumes where it ended")]
    private partial void LogStopped(Guid run);

    [LoggerMessage(EventId = 1404, Level = LogLevel.Warning, Message = "Ingestion {Run}: {Warning}")]
    private partial void LogWarned(Guid run, string warning);

    [LoggerMessage(EventId = 1403, Level = LogLevel.Error, Message = "Ingestion {Run} failed")]
    private partial void LogFailed(Exception exception, Guid run);
}
