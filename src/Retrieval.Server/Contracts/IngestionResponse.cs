namespace Retrieval.Server.Contracts;

/// <summary>An ingestion run. All counts are of committed rows.</summary>
/// <param name="Id">Identifier of the run.</param>
/// <param name="State"><c>running</c>, <c>completed</c>, <c>cancelled</c>, <c>failed</c>, or <c>lost</c>: its process ended without reporting, and another run resumes where it stopped.</param>
/// <param name="Message">Why it ended, if it did not complete; if it completed, what was done at the end.</param>
/// <param name="Index">Name of the index in the catalog; null in embedded mode.</param>
/// <param name="Source">The source.</param>
/// <param name="Part">Which part of the source, from 0.</param>
/// <param name="Parts">Number of parts the source is divided into.</param>
/// <param name="Worker">Who runs it.</param>
/// <param name="CancelRequested">Whether someone asked it to stop; it stops after the current window.</param>
/// <param name="FirstRow">Row of the source where it began: the first, or where an earlier run ended.</param>
/// <param name="NextRow">First row that is not committed: a killed run is resumed there.</param>
/// <param name="Uncommitted">Rows that are stored but not committed yet: a kill loses them. In a catalog each window is committed.</param>
/// <param name="TotalRows">Rows of the source or its part; null if they are not counted.</param>
/// <param name="Stored">Rows it stored, including those that replaced an image.</param>
/// <param name="Replaced">Number of them that replaced an image.</param>
/// <param name="Skipped">Rows that the index already held unchanged.</param>
/// <param name="Rejected">Rejects: rows that were refused, captions that were left out of rows that were stored, and places of a caption or metadata file that are of no row.</param>
/// <param name="Captions">Captions it stored.</param>
/// <param name="RowsPerSecond">Its rate.</param>
/// <param name="RemainingSeconds">Estimated time to its end; null if it cannot be estimated or the run has ended.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="UpdatedAt">When it last made progress.</param>
/// <param name="EndedAt">When it ended; null if it has not.</param>
/// <param name="FirstRejects">The first rejects; empty in lists.</param>
/// <param name="Recognised">What the source's files were recognised as, and what could not be checked; empty in lists.</param>
/// <param name="Warnings">What people should look at, such as features unlike those that the model learned from, or images that lose metadata; empty in lists.</param>
/// <param name="Reasons">The rejects by reason, the most frequent first; empty in lists.</param>
public sealed record IngestionResponse(
    string Id,
    string State,
    string? Message,
    string? Index,
    string Source,
    int Part,
    int Parts,
    string Worker,
    bool CancelRequested,
    long FirstRow,
    long NextRow,
    long Uncommitted,
    long? TotalRows,
    long Stored,
    long Replaced,
    long Skipped,
    long Rejected,
    long Captions,
    double RowsPerSecond,
    double? RemainingSeconds,
    DateTimeOffset StartedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? EndedAt,
    IReadOnlyList<IngestionReject> FirstRejects,
    IReadOnlyList<string> Recognised,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<IngestionReason> Reasons);
