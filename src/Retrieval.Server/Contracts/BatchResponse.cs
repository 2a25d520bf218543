namespace Retrieval.Server.Contracts;

/// <summary>The answers to a batch request.</summary>
/// <param name="Answers">One per query, in the order of the request: the answer of its search, or a problem in its place.</param>
public sealed record BatchResponse(IReadOnlyList<object> Answers);
