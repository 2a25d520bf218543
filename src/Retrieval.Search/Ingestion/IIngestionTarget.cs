using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// Where a run stores what it has encoded: a local index, or an index of the catalog. One run uses it once:
/// <see cref="BeginAsync"/>, then windows in order, then <see cref="CompleteAsync"/> or <see cref="AbandonAsync"/>.
/// <see cref="FindAsync"/> is called for one window while <see cref="StoreAsync"/> is at work on an earlier one; apart
/// from that calls follow each other.
/// </summary>
public interface IIngestionTarget : IAsyncDisposable
{
    /// <summary>Takes hold of the source, so that no other run stores it at the same time, and says where to go on.</summary>
    /// <returns>The source's entry as it is committed; a new one where there is nothing to go on from.</returns>
    Task<SourceCheckpoint> BeginAsync(IngestionStart start, CancellationToken cancellationToken);

    /// <summary>Which of these images are there, by id.</summary>
    Task<IReadOnlyDictionary<string, ExistingImage>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken);

    /// <summary>Stores one window, together with how far the source has been read.</summary>
    Task<WindowOutcome> StoreAsync(IngestionWindow window, CancellationToken cancellationToken);

    /// <summary>Makes all that was stored visible and durable; called where a run ends early, of its own will.</summary>
    Task CommitAsync(CancellationToken cancellationToken);

    /// <summary>The source is read to its end: commits, and does what is left to do.</summary>
    /// <param name="stopping">Ends what is left to do, behind the commit.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    Task<IngestionEnd> CompleteAsync(CancellationToken stopping, CancellationToken cancellationToken);

    /// <summary>The run ended before its source did. What is committed stays.</summary>
    /// <param name="cause">Why: an <see cref="OperationCanceledException"/>, an <see cref="IngestionStoppedException"/>, or what failed.</param>
    Task AbandonAsync(Exception cause);
}
