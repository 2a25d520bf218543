using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>Stored data of something the request names is damaged, so this replica cannot answer. The message contains no path.</summary>
/// <param name="what">What is damaged, in the request's own terms.</param>
/// <param name="field">The field of the request that names it.</param>
/// <param name="innerException">What was found and where; for the log.</param>
public sealed class DamagedDataException(string what, string field, Exception? innerException = null)
    : RetrievalException($"{what} is damaged on this replica", innerException)
{
    /// <summary>The field of the request that names it.</summary>
    public string Field { get; } = field;
}
