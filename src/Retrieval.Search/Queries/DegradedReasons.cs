namespace Retrieval.Search.Queries;

/// <summary>Why an answer is less than was asked for. An answer is never silently worse.</summary>
public static class DegradedReasons
{
    /// <summary>The deadline passed while reranking: fewer were reranked than shortlisted, the others follow in coarse order without a score.</summary>
    public const string Deadline = "deadline";
}
