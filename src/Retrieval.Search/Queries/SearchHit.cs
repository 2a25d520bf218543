using System.Text.Json;

namespace Retrieval.Search.Queries;

/// <summary>One result.</summary>
/// <param name="Id">The image's id; for a caption, the image's id, <c>#</c> and the caption's position among its captions, from 0.</param>
/// <param name="Rank">Rank in the answer, from 1.</param>
/// <param name="Score">The matching model's score; null if the hit was not reranked in time.</param>
/// <param name="ScoreRank">Rank by that score alone among the reranked candidates, from 1; null if the hit was not reranked in time.</param>
/// <param name="Coarse">Score and rank in the first stage.</param>
/// <param name="RankingScore">The value that the hits are ordered by; null if the hit was not reranked in time.</param>
/// <param name="ImageId">The image; for a caption, the one it was ingested with.</param>
/// <param name="Metadata">The image's metadata, a JSON object; null if it has none.</param>
/// <param name="Caption">The caption's text; null for an image.</param>
public sealed record SearchHit(
    string Id, int Rank, float? Score, int? ScoreRank, CoarseRank Coarse, double? RankingScore, string ImageId, JsonElement? Metadata, string? Caption);
