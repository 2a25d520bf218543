using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Ingestions;

/// <summary>
/// Run registry for the local index, kept as long as this process runs. How far a source has been read is stored in the index.
/// </summary>
internal sealed class LocalRunRegistry(ServerSnapshotOptions options, SourceRoots roots, TimeProvider time) : IRunRegistry
{
    private const int MostRuns = 100;
    private readonly Lock _gate = new();
    private readonly List<KnownRun> _runs = [];

    public Task<IReadOnlyList<KnownRun>> ListAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<KnownRun>>([.. Enumerable.Reverse(_runs).Select(run => run with { FirstRejects = [], Findings = IngestionFindings.None })]);
        }
    }

    public Task<KnownRun?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_runs.Find(run => run.Id == id));
        }
    }

    public Task CancelAsync(Guid id, CancellationToken cancellationToken)
    {
        Change(id, run => run with { CancelRequested = true });
        return Task.CompletedTask;
    }

    public Task<IIngestionTarget> TargetAsync(IngestionRun run, ModelLease model, CancellationToken cancellationToken) =>
        Task.FromResult<IIngestionTarget>(new LocalIngestionTarget(options.Index, IndexBinding.SchemaOf(model.Model), new IngestionOptions { SourceKey = run.SourceKey }.CommitRows));

    public Task BegunAsync(IngestionRun run, StartedIngestion started, CancellationToken cancellationToken)
    {
        var before = started.Before;
        lock (_gate)
        {
            if (_runs.Count == MostRuns)
            {
                _runs.RemoveAt(0);
            }

            _runs.Add(new KnownRun
            {
                Id = run.Id,
                Source = roots.Public(run.SourceKey),
                Worker = IngestionRun.Worker,
                FirstRow = before.Rows,
                NextRow = before.Rows,
                TotalRows = before.TotalRows,
                StartedAt = run.StartedAt,
                UpdatedAt = run.StartedAt,
                Findings = started.Findings,
            });
        }

        return Task.CompletedTask;
    }

    public void Progressed(IngestionRun run, IngestionProgress progress, StartedIngestion started) =>
        Change(run.Id, known => Counted(known, progress, started.FirstRejects) with { Remaining = progress.Remaining, Findings = started.Findings });

    public void Ended(IngestionRun run, IngestionReport? report, Exception? cause) => Change(run.Id, known =>
    {
        var ended = (report is null ? known : Counted(known, report.Progress, report.FirstRejects)) with { Uncommitted = 0 };
        var (standing, message) = cause switch
        {
            null => (RunStanding.Completed, (string?)null),
            IngestionStoppedException stopped => (RunStanding.Cancelled, stopped.Message),
            OperationCanceledException => (RunStanding.Cancelled, "the run was stopped; what was committed stays, and another run resumes there"),
            RetrievalException fault => (RunStanding.Failed, roots.Public(fault.Message).Replace(options.Index, "the index", StringComparison.Ordinal)),
            _ => (RunStanding.Failed, "it broke off for a reason that was not foreseen; the server's log has it"),
        };
        var now = time.GetUtcNow();
        return ended with { Standing = standing, Message = message, Remaining = null, UpdatedAt = now, EndedAt = now };
    });

    private KnownRun Counted(KnownRun run, IngestionProgress progress, IReadOnlyList<RejectedSample> firstRejects) => run with
    {
        NextRow = progress.Rows,
        Uncommitted = progress.Uncommitted,
        TotalRows = progress.TotalRows,
        Stored = progress.Ingested,
        Replaced = progress.Replaced,
        Skipped = progress.Skipped,
        Rejected = progress.Rejected,
        Captions = progress.Captions,
        RowsPerSecond = progress.RowsPerSecond,
        UpdatedAt = time.GetUtcNow(),
        FirstRejects = [.. firstRejects],
    };

    private void Change(Guid id, Func<KnownRun, KnownRun> change)
    {
        lock (_gate)
        {
            if (_runs.FindIndex(run => run.Id == id) is >= 0 and var i)
            {
                _runs[i] = change(_runs[i]);
            }
        }
    }
}
