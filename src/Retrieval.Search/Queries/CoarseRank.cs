using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>Where the first stage saw a hit.</summary>
/// <param name="Score">Inner product of the coarse embeddings.</param>
/// <param name="Rank">Place in the shortlist, from 1.</param>
public readonly record struct CoarseRank([property: JsonRequired] float Score, [property: JsonRequired] int Rank);
