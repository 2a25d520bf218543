using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>What one query of a batch came to: exactly one of the two is there.</summary>
/// <param name="Answer">Its answer, to be disposed of.</param>
/// <param name="Fault">Why it has none.</param>
public readonly record struct BatchOutcome(SearchAnswer? Answer, RetrievalException? Fault);
