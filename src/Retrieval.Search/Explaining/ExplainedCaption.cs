namespace Retrieval.Search.Explaining;

/// <summary>The caption of an explained pair, and how it was read.</summary>
/// <param name="Id">Its id; null if the request had its text.</param>
/// <param name="Text">Its text.</param>
/// <param name="Tokens">Its tokens as the model takes them, with start and end: one for each place on an axis of words.</param>
/// <param name="UnknownTokens">Those of them that the model does not know.</param>
/// <param name="Truncated">Whether words beyond the model's longest caption were dropped.</param>
public sealed record ExplainedCaption(string? Id, string Text, IReadOnlyList<string> Tokens, IReadOnlyList<string> UnknownTokens, bool Truncated);
