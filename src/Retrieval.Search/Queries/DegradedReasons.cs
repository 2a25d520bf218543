namespace Retrieval.Search.Queries;

/// <summary>Why an answer is less than was asked for. An answer is never silently worse.</summary>
public static class DegradedReasons
{
    /// <summary>The deadline passed before all candidates were reranked, or any of them: those that were not follow in coarse order without a score.</summary>
    public const string Deadline = "deadline";
}
