namespace Retrieval.Search.Queries;

/// <summary>How a caption query was read.</summary>
/// <param name="Tokens">The words that were used.</param>
/// <param name="UnknownTokens">Those of them the model does not know.</param>
/// <param name="Truncated">Whether words behind the model's longest caption were dropped.</param>
public sealed record QueryTokens(IReadOnlyList<string> Tokens, IReadOnlyList<string> UnknownTokens, bool Truncated);
