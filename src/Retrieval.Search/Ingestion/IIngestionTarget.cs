using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// Where a run stores what it has encoded: a local index, or an index of the catalog. A target serves one run, once:
/// <see cref="BeginAsync"/>, then windows in order, then <see cref="CompleteAsync"/> or <see cref="AbandonAsync"/>.
/// <see cref="FindAsync"/> is called for one window while <see cref="StoreAsync"/> is storing an earlier one; all other
/// calls are sequential.
/// </summary>
public interface IIngestionTarget : IAsyncDisposable
{
    /// <summary>Locks the source, so that no other run stores it at the same time, and says where to resume.</summary>
    /// <returns>The source's committed checkpoint; a new one if there is nothing to resume.</returns>
    Task<SourceCheckpoint> BeginAsync(IngestionStart start, CancellationToken cancellationToken);

    /// <summary>Which of these images already exist, by id.</summary>
    Task<IReadOnlyDictionary<string, ExistingImage>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken);

    /// <summary>Stores one window, together with how far the source has been read.</summary>
    Task<WindowOutcome> StoreAsync(IngestionWindow window, CancellationToken cancellationToken);

    /// <summary>
    /// Stores what the run has found out about its source, for people. Called after a window that added to it, and before the end.
    /// </summary>
    Task NoteAsync(IngestionFindings findings, CancellationToken cancellationToken);

    /// <summary>Makes everything stored so far visible and durable; called when a run deliberately ends early.</summary>
    Task CommitAsync(CancellationToken cancellationToken);

    /// <summary>Called when the source has been read to its end: commits, then does the remaining work.</summary>
    /// <param name="stopping">Stops the remaining work after the commit.</param>
    /// <param name="cancellationToken">Stops everything at once.</param>
    Task<IngestionEnd> CompleteAsync(CancellationToken stopping, CancellationToken cancellationToken);

    /// <summary>Called when the run ended before its source did. What is committed stays.</summary>
    /// <param name="cause">Why: an <see cref="OperationCanceledException"/>, an <see cref="IngestionStoppedException"/>, or what failed.</param>
    Task AbandonAsync(Exception cause);
}
