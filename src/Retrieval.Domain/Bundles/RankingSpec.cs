namespace Retrieval.Domain.Bundles;

/// <summary>How a bundle's hits are ordered: by t(score) + coarse weight · coarse score.</summary>
/// <param name="Transform">The transform t, which the scorers' graphs compute.</param>
/// <param name="TextToImage">For caption queries.</param>
/// <param name="ImageToText">For image queries.</param>
public sealed record RankingSpec(ScoreTransform Transform, DirectionRanking TextToImage, DirectionRanking ImageToText);
