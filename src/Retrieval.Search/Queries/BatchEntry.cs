using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>One query of a batch: a search, or why what was sent is none.</summary>
public sealed class BatchEntry
{
    /// <summary>A search.</summary>
    public BatchEntry(SearchRequest request) => Request = request;

    /// <summary>What was sent is no search.</summary>
    public BatchEntry(InvalidInputException fault) => Fault = fault;

    /// <summary>The search; null if there is none.</summary>
    public SearchRequest? Request { get; }

    /// <summary>Why there is none.</summary>
    public InvalidInputException? Fault { get; }
}
