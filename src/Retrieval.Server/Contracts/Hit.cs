using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Contracts;

/// <summary>One result.</summary>
/// <param name="Id">The image's id; for a caption, the image's id, <c>#</c> and the caption's position among its captions, from 0.</param>
/// <param name="Rank">Rank in the answer, from 1.</param>
/// <param name="Score">The matching model's score; null if the deadline passed before the hit was reranked.</param>
/// <param name="ScoreRank">Rank by that score alone among the candidates that were reranked, from 1; null if the hit was not.</param>
/// <param name="Coarse">Score and rank in the first stage.</param>
/// <param name="RankingScore">The value that the hits are ordered by, highest first; null if the hit was not reranked.</param>
/// <param name="Metadata">The image's metadata; null if it has none.</param>
public sealed record Hit(string Id, int Rank, float? Score, int? ScoreRank, CoarseRank Coarse, double? RankingScore, JsonElement? Metadata)
{
    /// <summary>The image the caption belongs to; only in a search for captions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ImageId { get; init; }

    /// <summary>The caption's text; only in a search for captions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Caption { get; init; }
}
