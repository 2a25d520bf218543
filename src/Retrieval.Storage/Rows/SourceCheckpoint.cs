namespace Retrieval.Storage.Rows;

/// <summary>
/// Progress of the ingestion of one source. It is committed together with the rows it describes, so that a killed run resumes at
/// exactly the row where the index ends. The index only stores it and does not interpret it.
/// </summary>
/// <param name="SourceKey">The source; one checkpoint per key.</param>
/// <param name="SourceStamp">Identifies the state of that source, for example by a hash. A changed source starts from the
/// beginning.</param>
/// <param name="NextRow">First row of the source that is not committed yet.</param>
/// <param name="Ingested">Rows stored, including those that replaced an image.</param>
/// <param name="Skipped">Rows left out because the index already held the same content.</param>
/// <param name="Rejected">Rows refused as invalid.</param>
/// <param name="RejectsBytes">Length in bytes of the list of rejects at this commit. Bytes after it come from a killed run.</param>
/// <param name="Completed">Whether the source was read to its end.</param>
public sealed record SourceCheckpoint(
    string SourceKey,
    string SourceStamp,
    long NextRow,
    long Ingested,
    long Skipped,
    long Rejected,
    long RejectsBytes,
    bool Completed)
{
    /// <summary>Rows of <see cref="Ingested"/> that replaced an image the index already held.</summary>
    public long Replaced { get; init; }

    /// <summary>
    /// Rows encoded together. A resumed run keeps this number, since floats may differ in the last bit from batch to batch.
    /// </summary>
    public int BatchRows { get; init; }
}
