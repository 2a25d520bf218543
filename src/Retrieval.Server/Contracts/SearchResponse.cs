using Retrieval.Search.Queries;

namespace Retrieval.Server.Contracts;

/// <summary>The answer to a search.</summary>
/// <param name="Hits">The results, best first.</param>
/// <param name="Query">How the caption was tokenized; null when the query was an image.</param>
/// <param name="Shortlisted">Number of candidates from the first stage.</param>
/// <param name="Reranked">How many of them the matching model scored.</param>
/// <param name="Degraded">Null, or why the answer is less than the request asked for: <c>deadline</c>, <c>catalog-unavailable</c>, <c>damaged</c>, or several of them, separated by commas.</param>
/// <param name="Model">Name of the model and the beginning of its fingerprint.</param>
/// <param name="Index">Name of the index that was searched: one of the catalog or a further one. Null for a served local index, which has none.</param>
/// <param name="IndexEpoch">Generation of the local index that was searched; with a catalog, the index's epoch there.</param>
public sealed record SearchResponse(
    IReadOnlyList<Hit> Hits,
    QueryTokens? Query,
    int Shortlisted,
    int Reranked,
    string? Degraded,
    string Model,
    string? Index,
    long IndexEpoch);
