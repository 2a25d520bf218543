namespace Retrieval.Storage.Rows;

/// <summary>
/// How far the ingestion of one source has come. It is committed together with the rows it speaks of, so that a killed
/// run resumes at exactly the row where the index ends. The index keeps it and makes nothing of it.
/// </summary>
/// <param name="SourceKey">Which source; one entry a key.</param>
/// <param name="SourceStamp">Which state of that source, e.g. a hash: a changed source starts anew.</param>
/// <param name="NextRow">First row of the source that is not committed yet.</param>
/// <param name="Ingested">Rows stored, those that replaced an image included.</param>
/// <param name="Skipped">Rows left out since the index already held the same content.</param>
/// <param name="Rejected">Rows refused as invalid.</param>
/// <param name="RejectsBytes">Length in bytes of the list of rejects at this commit; what lies behind is of a killed run.</param>
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
    /// <summary>Those of <see cref="Ingested"/> that took the place of an image the index already held.</summary>
    public long Replaced { get; init; }

    /// <summary>Rows encoded together. A run that is resumed keeps to it, since floats may differ in the last bit from batch to batch.</summary>
    public int BatchRows { get; init; }
}
