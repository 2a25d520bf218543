using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>Result of one query of a batch request: exactly one of the two members is set.</summary>
/// <param name="Answer">Its answer, to be disposed of.</param>
/// <param name="Fault">Why it has no answer.</param>
public readonly record struct BatchOutcome(SearchAnswer? Answer, RetrievalException? Fault);
