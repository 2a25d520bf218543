namespace Retrieval.Search.Telemetry;

/// <summary>
/// Why an answer is less than was asked for. An answer is never silently worse. Where there are several reasons, all are
/// named, in the order of the stages, with commas between them.
/// </summary>
public static class DegradedReasons
{
    /// <summary>
    /// Postgres did not answer in time: the shortlist was taken from this replica's own copy, which is complete up to the
    /// epoch that the answer names and may be behind the catalog.
    /// </summary>
    public const string CatalogUnavailable = "catalog-unavailable";

    /// <summary>The deadline passed before all candidates were reranked, or any of them: those that were not follow in coarse order without a score.</summary>
    public const string Deadline = "deadline";

    /// <summary>
    /// Stored data of candidates are damaged, and they were left out: the log and <c>retrieval_damaged_total</c> say which kind
    /// of data. Or a check has found bytes of the index that are not what was committed: readiness says which.
    /// </summary>
    public const string Damaged = "damaged";

    /// <summary>Between two reasons.</summary>
    public const char Separator = ',';
}
