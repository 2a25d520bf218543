using System.Collections.Concurrent;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Server.Ingestions;

/// <summary>Run registry in the catalog, which knows the runs of all replicas and of jobs started elsewhere.</summary>
internal sealed class CatalogRunRegistry(Catalog catalog, FollowState follow, SourceRoots roots, ServerIngestionOptions options, TimeProvider time) : IRunRegistry
{
    private const int MostRuns = 100;

    // A run whose connection broke reconnects within seconds, if its process still exists.
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<Guid, bool> _here = new();

    public async Task<IReadOnlyList<KnownRun>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await CatalogRuns.ListAsync(catalog, null, MostRuns, cancellationToken).ConfigureAwait(false)).Select(Known)];

    public async Task<KnownRun?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await CatalogRuns.FindAsync(catalog, id, cancellationToken).ConfigureAwait(false) is { } run ? Known(run) : null;

    public Task CancelAsync(Guid id, CancellationToken cancellationToken) => CatalogRuns.RequestCancelAsync(catalog, id, cancellationToken);

    public async Task<IIngestionTarget> TargetAsync(IngestionRun run, ModelLease model, CancellationToken cancellationToken)
    {
        var index = await IndexOfAsync(model, cancellationToken).ConfigureAwait(false);
        await RequireNoOtherAsync(run, index, cancellationToken).ConfigureAwait(false);
        return new CatalogIngestionTarget(catalog, index, new CatalogTargetOptions
        {
            Worker = IngestionRun.Worker,
            RunId = run.Id,
            Replace = run.Replace,
            Retry = new CatalogRetry { For = TimeSpan.FromSeconds(options.RetrySeconds), Time = time },
        });
    }

    // The run is registered by now: if two replicas start at once, at least one sees the other here and gives way.
    public async Task BegunAsync(IngestionRun run, StartedIngestion started, CancellationToken cancellationToken)
    {
        if (await CatalogRuns.FindAsync(catalog, run.Id, cancellationToken).ConfigureAwait(false) is { } registered
            && await CatalogIndexes.FindAsync(catalog, registered.Index, cancellationToken).ConfigureAwait(false) is { } index)
        {
            await RequireNoOtherAsync(run, index, cancellationToken).ConfigureAwait(false);
        }

        _here[run.Id] = true;
    }

    /// <summary>Records nothing: each window is in the catalog. Makes this replica poll.</summary>
    public void Progressed(IngestionRun run, IngestionProgress progress, StartedIngestion started) => follow.Nudge();

    /// <summary>Records little: the run itself has reported to the catalog.</summary>
    public void Ended(IngestionRun run, IngestionReport? report, Exception? cause)
    {
        _here.TryRemove(run.Id, out _);
        follow.Nudge();
    }

    private async Task<CatalogIndex> IndexOfAsync(ModelLease model, CancellationToken cancellationToken)
    {
        var served = model.Served ?? throw new NotReadyException();
        var index = await CatalogIndexes.FindAsync(catalog, served.Name, cancellationToken).ConfigureAwait(false);
        return index?.IndexId == served.IndexId
            ? index
            : throw new CatalogException($"index {served.Name}", CatalogFault.Index, "it is no longer in the catalog");
    }

    private async Task RequireNoOtherAsync(IngestionRun run, CatalogIndex index, CancellationToken cancellationToken)
    {
        var runs = await CatalogRuns.ListAsync(catalog, index, MostRuns, cancellationToken).ConfigureAwait(false);
        if (runs.FirstOrDefault(other => other.RunId != run.Id && other is { State: RunState.Running, Connected: true }) is { } other)
        {
            throw new ConflictException($"ingestion {other.RunId:D} is writing to index {index.Name}; wait for it to end, or cancel it");
        }
    }

    private KnownRun Known(CatalogRun run)
    {
        var ended = run.EndedAt ?? run.UpdatedAt;
        var seconds = (ended - run.StartedAt).TotalSeconds;
        var rate = seconds > 0 ? (run.NextRow - run.FirstRow) / seconds : 0;
        var live = run is { State: RunState.Running, Connected: true };
        return new KnownRun
        {
            Id = run.RunId,
            Standing = StandingOf(run),
            Message = run.Message is null ? null : roots.Public(run.Message),
            Index = run.Index,
            Source = roots.Public(run.SourceKey),
            Part = run.Part,
            Parts = run.Parts,
            Worker = run.Worker,
            CancelRequested = run.CancelRequested,
            FirstRow = run.FirstRow,
            NextRow = run.NextRow,
            TotalRows = run.TotalRows,
            Stored = run.Ingested,
            Replaced = run.Replaced,
            Skipped = run.Skipped,
            Rejected = run.Rejected,
            Captions = run.Captions,
            RowsPerSecond = rate,
            Remaining = live && rate > 0 && run is { Parts: 1, TotalRows: { } total } ? TimeSpan.FromSeconds(Math.Max(0, total - run.NextRow) / rate) : null,
            StartedAt = run.StartedAt,
            UpdatedAt = run.UpdatedAt,
            EndedAt = run.EndedAt,
            Findings = Known(run.Findings),
            FirstRejects = [.. run.FirstRejects.Select(Known)],
        };
    }

    private IngestionFindings Known(CatalogFindings found) => new(
        [.. found.Recognised.Select(roots.Public)],
        [.. found.Warnings.Select(roots.Public)],
        [.. found.Reasons.Select(reason => new RejectReason(reason.Count, Known(reason.First)))]);

    private static RejectedSample Known(CatalogReject reject) => new(reject.Source, reject.Row, reject.Id, reject.Reason);

    private RunStanding StandingOf(CatalogRun run) => run.State switch
    {
        RunState.Completed => RunStanding.Completed,
        RunState.Cancelled => RunStanding.Cancelled,
        RunState.Failed => RunStanding.Failed,
        _ => run.Connected || _here.ContainsKey(run.RunId) || time.GetUtcNow() - run.UpdatedAt < LostAfter ? RunStanding.Running : RunStanding.Lost,
    };
}
