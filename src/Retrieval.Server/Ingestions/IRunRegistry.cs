using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;

namespace Retrieval.Server.Ingestions;

/// <summary>Where runs are stored and known: in this process, or in the catalog, where every replica sees those of all.</summary>
internal interface IRunRegistry
{
    /// <summary>The latest runs, newest first.</summary>
    Task<IReadOnlyList<KnownRun>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One run; null if there is none of this number.</summary>
    Task<KnownRun?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Asks a run to end, wherever it runs.</summary>
    Task CancelAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Makes the target of a run, unless another run is in its way.</summary>
    Task<IIngestionTarget> TargetAsync(IngestionRun run, ModelLease model, CancellationToken cancellationToken);

    /// <summary>The run has hold of its source. Last chance to refuse it, and the time to note it.</summary>
    Task BegunAsync(IngestionRun run, IngestionProgress before, CancellationToken cancellationToken);

    /// <summary>The run got on.</summary>
    void Progressed(IngestionRun run, IngestionProgress progress, IReadOnlyList<RejectedSample> firstRejects);

    /// <summary>The run ended.</summary>
    void Ended(IngestionRun run, IngestionReport? report, Exception? cause);
}
