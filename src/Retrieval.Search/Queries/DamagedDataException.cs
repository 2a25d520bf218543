using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>What is stored of something that a request names is damaged, so the request has no answer here. The message holds no path.</summary>
/// <param name="what">What is damaged, in the request's own terms.</param>
/// <param name="field">The field of the request that names it.</param>
/// <param name="innerException">What was found, with the place; for the log.</param>
public sealed class DamagedDataException(string what, string field, Exception? innerException = null)
    : RetrievalException($"{what} is damaged on this replica", innerException)
{
    /// <summary>The field of the request that names it.</summary>
    public string Field { get; } = field;
}
