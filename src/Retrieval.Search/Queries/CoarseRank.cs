using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>Score and rank of a hit in the first stage.</summary>
/// <param name="Score">Inner product of the coarse embeddings.</param>
/// <param name="Rank">Rank in the shortlist, from 1.</param>
public readonly record struct CoarseRank([property: JsonRequired] float Score, [property: JsonRequired] int Rank);
