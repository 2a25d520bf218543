using Retrieval.Domain.Bundles;

namespace Retrieval.Server.Contracts;

/// <summary>How the bundle orders hits: by t(score) + coarse weight · coarse score.</summary>
/// <param name="Transform">The transform t: <c>identity</c> or <c>logit</c>.</param>
/// <param name="TextToImage">For searches by caption.</param>
/// <param name="ImageToText">For searches by image.</param>
public sealed record RankingResponse(string Transform, DirectionRanking TextToImage, DirectionRanking ImageToText)
{
    internal static RankingResponse? Of(RankingSpec? ranking) =>
        ranking is null ? null : new RankingResponse(ranking.Transform.ToName(), ranking.TextToImage, ranking.ImageToText);
}
