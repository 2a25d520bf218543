using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>One query of a batch request: a search, or the reason why it is not a valid one.</summary>
public sealed class BatchEntry
{
    /// <summary>A search.</summary>
    public BatchEntry(SearchRequest request) => Request = request;

    /// <summary>An entry that is not a valid search.</summary>
    public BatchEntry(InvalidInputException fault) => Fault = fault;

    /// <summary>The search; null if there is none.</summary>
    public SearchRequest? Request { get; }

    /// <summary>Why there is no search; null if there is one.</summary>
    public InvalidInputException? Fault { get; }
}
