namespace Retrieval.Search.Queries;

/// <summary>
/// Why an answer is less than was asked for. An answer is never silently worse. Where there are two reasons, both are
/// named, in the order of the stages, with a comma between them.
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

    /// <summary>Between two reasons.</summary>
    public const char Separator = ',';
}
