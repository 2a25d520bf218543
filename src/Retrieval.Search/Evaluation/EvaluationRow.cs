using Retrieval.Search.Queries;

namespace Retrieval.Search.Evaluation;

/// <summary>Quality of one ranking method.</summary>
/// <param name="Ranking"><c>coarse</c>, <c>reranked</c> or <c>full</c>.</param>
/// <param name="Shortlist">Candidates reranked; null where there is no shortlist.</param>
/// <param name="ThroughPgvector">Whether the catalog's nearest-neighbour indexes gave the shortlist; if not, it is exact.</param>
/// <param name="RankBy">The order of the reranked candidates; null for the first stage alone.</param>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
public sealed record EvaluationRow(
    string Ranking, int? Shortlist, bool ThroughPgvector, RankBy? RankBy, DirectionMeasures ImageToText, DirectionMeasures TextToImage)
{
    /// <summary>The sum of the six recalls ("rsum"), in percent: 0 … 600.</summary>
    public double RecallSum => ImageToText.Ranks.RecallSum + TextToImage.Ranks.RecallSum;

    /// <summary>The rows of a report from those of its folds, which are alike but for their numbers.</summary>
    /// <param name="folds">At least one fold.</param>
    internal static IReadOnlyList<EvaluationRow> Average(IReadOnlyList<IReadOnlyList<EvaluationRow>> folds) => folds.Count == 1
        ? folds[0]
        : [.. folds[0].Select((row, place) => row with
        {
            ImageToText = DirectionMeasures.Average([.. folds.Select(rows => rows[place].ImageToText)]),
            TextToImage = DirectionMeasures.Average([.. folds.Select(rows => rows[place].TextToImage)]),
        })];
}
