using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Ingestions;

namespace Retrieval.Server.Tests.Ingestions;

/// <summary>A ledger that does not find a run when asked the next time, but fails.</summary>
internal sealed class FailingLedger(IRunRegistry ledger) : IRunRegistry
{
    private Exception? _next;

    public void FailNext(Exception exception) => _next = exception;

    public Task<KnownRun?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _next, null) is { } failure ? Task.FromException<KnownRun?>(failure) : ledger.FindAsync(id, cancellationToken);

    public Task<IReadOnlyList<KnownRun>> ListAsync(CancellationToken cancellationToken) => ledger.ListAsync(cancellationToken);

    public Task CancelAsync(Guid id, CancellationToken cancellationToken) => ledger.CancelAsync(id, cancellationToken);

    public Task<IIngestionTarget> TargetAsync(IngestionRun run, ModelLease model, CancellationToken cancellationToken) => ledger.TargetAsync(run, model, cancellationToken);

    public Task BegunAsync(IngestionRun run, StartedIngestion started, CancellationToken cancellationToken) => ledger.BegunAsync(run, started, cancellationToken);

    public void Progressed(IngestionRun run, IngestionProgress progress, StartedIngestion started) => ledger.Progressed(run, progress, started);

    public void Ended(IngestionRun run, IngestionReport? report, Exception? cause) => ledger.Ended(run, report, cause);
}
