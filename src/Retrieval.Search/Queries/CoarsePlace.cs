namespace Retrieval.Search.Queries;

/// <summary>Where the first stage saw a hit.</summary>
/// <param name="Score">Inner product of the coarse embeddings.</param>
/// <param name="Rank">Place in the shortlist, from 1.</param>
public sealed record CoarsePlace(float Score, int Rank);
