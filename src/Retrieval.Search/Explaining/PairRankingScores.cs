using Retrieval.Domain.Bundles;

namespace Retrieval.Search.Explaining;

/// <summary>The values that hits are ordered by: t(score) + coarse weight · coarse score, with the weight of each direction.</summary>
/// <param name="TextToImage">Of the image as a hit of the caption.</param>
/// <param name="ImageToText">Of the caption as a hit of the image.</param>
public sealed record PairRankingScores(double TextToImage, double ImageToText)
{
    internal static PairRankingScores? Of(RankingSpec? ranking, float transformed, float coarse) => ranking is null
        ? null
        : new PairRankingScores(ranking.TextToImage.Value(transformed, coarse), ranking.ImageToText.Value(transformed, coarse));
}
