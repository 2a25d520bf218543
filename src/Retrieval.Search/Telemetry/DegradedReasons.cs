namespace Retrieval.Search.Telemetry;

/// <summary>
/// Why an answer is less than the request asked for. An answer is never silently worse. If there are several reasons, all are
/// listed in the order of the stages, separated by commas.
/// </summary>
public static class DegradedReasons
{
    /// <summary>
    /// Postgres did not answer in time, or lacked rows: the shortlist was taken from this replica's copy, which is complete up to the epoch
    /// in the answer and may lag behind the catalog.
    /// </summary>
    public const string CatalogUnavailable = "catalog-unavailable";

    /// <summary>
    /// The deadline passed before all candidates, or any, were reranked: the rest follow in coarse order without a score.
    /// </summary>
    public const string Deadline = "deadline";

    /// <summary>
    /// Stored data of candidates is damaged, and they were left out: the log and <c>retrieval_damaged_total</c> say which kind of
    /// data. Or a check found bytes of the index that differ from what was committed: readiness says which.
    /// </summary>
    public const string Damaged = "damaged";

    /// <summary>Separates two reasons.</summary>
    public const char Separator = ',';
}
