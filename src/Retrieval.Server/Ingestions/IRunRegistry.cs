using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;

namespace Retrieval.Server.Ingestions;

/// <summary>Where runs are stored and listed: in this process, or in the catalog, where every replica sees all of them.</summary>
internal interface IRunRegistry
{
    /// <summary>The latest runs, newest first.</summary>
    Task<IReadOnlyList<KnownRun>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One run; null if there is none with this id.</summary>
    Task<KnownRun?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Asks a run to stop, wherever it runs.</summary>
    Task CancelAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Creates the target of a run, unless another run prevents it.</summary>
    Task<IIngestionTarget> TargetAsync(IngestionRun run, ModelLease model, CancellationToken cancellationToken);

    /// <summary>The run has locked its source. Last chance to refuse it; otherwise it is recorded.</summary>
    Task BegunAsync(IngestionRun run, StartedIngestion started, CancellationToken cancellationToken);

    /// <summary>The run made progress.</summary>
    void Progressed(IngestionRun run, IngestionProgress progress, StartedIngestion started);

    /// <summary>The run ended.</summary>
    void Ended(IngestionRun run, IngestionReport? report, Exception? cause);
}
