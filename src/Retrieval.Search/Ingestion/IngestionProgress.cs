namespace Retrieval.Search.Ingestion;

/// <summary>Progress of an ingestion. All counts are of committed rows: a kill does not lose them.</summary>
/// <param name="Rows">Rows of the source that are done, including those of earlier runs.</param>
/// <param name="TotalRows">Rows of the source, if known.</param>
/// <param name="Ingested">Rows stored by this run, including those that replaced an image.</param>
/// <param name="Replaced">Number of them that replaced an image of the index.</param>
/// <param name="Skipped">Rows of this run that the index already held unchanged.</param>
/// <param name="Rejected">Rejects of this run, rows and what else is listed, such as captions that were left out of rows that were stored.</param>
/// <param name="Captions">Captions stored by this run.</param>
/// <param name="RowsPerSecond">Rate of this run, over all its rows, committed or not.</param>
/// <param name="Elapsed">Time since this run began.</param>
/// <param name="Remaining">Estimated time to the end, if it can be estimated.</param>
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
    /// <summary>Those of <see cref="Rows"/> that earlier runs have done.</summary>
    public long RowsBefore { get; init; }

    /// <summary>Rows that are stored but not committed yet: a kill loses them.</summary>
    public long Uncommitted { get; init; }

    /// <summary>What people should look at while the run goes on, in the order in which it was found.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
