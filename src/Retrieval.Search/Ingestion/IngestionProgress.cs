namespace Retrieval.Search.Ingestion;

/// <summary>How far an ingestion has come. All counts are of rows that are committed: no kill takes them back.</summary>
/// <param name="Rows">Rows of the source done, those of earlier runs included.</param>
/// <param name="TotalRows">Rows of the source, if known.</param>
/// <param name="Ingested">Rows stored by this run, those that replaced an image included.</param>
/// <param name="Replaced">Those of them that took the place of an image the index already held.</param>
/// <param name="Skipped">Rows of this run that the index already held unchanged.</param>
/// <param name="Rejected">Rows of this run that were refused.</param>
/// <param name="Captions">Captions stored by this run.</param>
/// <param name="RowsPerSecond">Rate of this run, over all its rows, committed or not.</param>
/// <param name="Elapsed">Since this run began.</param>
/// <param name="Remaining">Estimated time to the end, if it can be told.</param>
public sealed record IngestionProgress(
    long Rows,
    long? TotalRows,
    long Ingested,
    long Replaced,
    long Skipped,
    long Rejected,
    long Captions,
    double RowsPerSecond,
    TimeSpan Elapsed,
    TimeSpan? Remaining)
{
    /// <summary>Rows that are stored and not committed yet: a kill costs them.</summary>
    public long Uncommitted { get; init; }
}
