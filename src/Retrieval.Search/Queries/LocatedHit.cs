namespace Retrieval.Search.Queries;

/// <summary>A hit as it is held until it is written: the location of its texts, not the texts themselves.</summary>
/// <param name="Rank">Rank in the answer, from 1.</param>
/// <param name="Score">The matching model's score; null if the hit was not reranked in time. Finite.</param>
/// <param name="ScoreRank">Rank by that score alone among the reranked candidates, from 1; null if the hit was not reranked in time.</param>
/// <param name="Coarse">Score and rank in the first stage.</param>
/// <param name="RankingScore">The value that the hits are ordered by; null if the hit was not reranked in time. Finite.</param>
/// <param name="Image">Slot of the image; of a caption, of the image it was ingested with.</param>
/// <param name="Caption">Slot of the caption; null for an image.</param>
/// <param name="Position">A caption's position among its image's captions, from 0.</param>
public readonly record struct LocatedHit(int Rank, float? Score, int? ScoreRank, CoarseRank Coarse, double? RankingScore, long Image, long? Caption, int Position);
