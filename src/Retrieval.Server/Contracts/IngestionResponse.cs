namespace Retrieval.Server.Contracts;

/// <summary>A run of the ingestion. All counts are of committed rows.</summary>
/// <param name="Id">Its number.</param>
/// <param name="State"><c>running</c>, <c>completed</c>, <c>cancelled</c>, <c>failed</c>, or <c>lost</c>: its process is gone without a word, and another run goes on where it ended.</param>
/// <param name="Message">Why it ended, if it did not complete; of one that completed, what was done at the end.</param>
/// <param name="Index">Name of the index in the catalog; null in embedded mode.</param>
/// <param name="Source">The source.</param>
/// <param name="Part">Which part of the source, from 0.</param>
/// <param name="Parts">Into how many parts it is divided.</param>
/// <param name="Worker">Who runs it.</param>
/// <param name="CancelRequested">Whether somebody asked it to end; it does so after the window at hand.</param>
/// <param name="FirstRow">Row of the source it began at: the first, or where an earlier run ended.</param>
/// <param name="NextRow">First row that is not committed: a run that is killed resumes there.</param>
/// <param name="Uncommitted">Rows that are stored and not committed yet: a kill costs them. In a catalog each batch is committed.</param>
/// <param name="TotalRows">Rows of the source or its part; null if they are not counted.</param>
/// <param name="Stored">Rows it stored, those that replaced an image included.</param>
/// <param name="Replaced">Those of them that took the place of an image.</param>
/// <param name="Skipped">Rows the index held unchanged.</param>
/// <param name="Rejected">Rows refused.</param>
/// <param name="Captions">Captions it stored.</param>
/// <param name="RowsPerSecond">Its rate.</param>
/// <param name="RemainingSeconds">Estimated time to its end; null if it cannot be told or has ended.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="UpdatedAt">When it last got on.</param>
/// <param name="EndedAt">When it ended; null if it has not.</param>
/// <param name="FirstRejects">The first refused rows; left empty in lists.</param>
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
    IReadOnlyList<IngestionReject> FirstRejects);
