namespace Retrieval.Search.Explaining;

/// <summary>How a pair's score comes about, as an answer gives it.</summary>
/// <param name="Image">The image.</param>
/// <param name="Caption">The caption, and how it was read.</param>
/// <param name="Score">The matching model's score.</param>
/// <param name="Coarse">What the first stage gives of the pair.</param>
/// <param name="RankingScores">The values that a hit with this pair is ordered by; null if the bundle has no ranking.</param>
/// <param name="Outputs">What the score was computed from, in the bundle's order.</param>
/// <param name="Degraded">Null, or <c>damaged</c>: bytes of the index are known to differ from what was committed.</param>
/// <param name="Model">Name of the model and the beginning of its fingerprint.</param>
/// <param name="Index">Name of the index; null for a served local index, which has none.</param>
/// <param name="IndexEpoch">Generation of the local index; with a catalog, the index's epoch there.</param>
public sealed record PairExplanation(
    ExplainedImage Image,
    ExplainedCaption Caption,
    float Score,
    CoarseScore Coarse,
    PairRankingScores? RankingScores,
    IReadOnlyList<ExplainedValues> Outputs,
    string? Degraded,
    string Model,
    string? Index,
    long IndexEpoch);
