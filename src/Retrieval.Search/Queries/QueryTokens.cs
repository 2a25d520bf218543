namespace Retrieval.Search.Queries;

/// <summary>How a caption query was tokenized.</summary>
/// <param name="Tokens">The words that were used.</param>
/// <param name="UnknownTokens">Those of them that the model does not know.</param>
/// <param name="Truncated">Whether words beyond the model's longest caption were dropped.</param>
public sealed record QueryTokens(IReadOnlyList<string> Tokens, IReadOnlyList<string> UnknownTokens, bool Truncated);
