using Retrieval.Search.Evaluation;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests.Evaluation;

/// <summary>Compares rows of a report.</summary>
internal static class EvaluationAssert
{
    private const double Rounding = 1e-9;

    public static EvaluationRow Row(this EvaluationReport report, string ranking, int? shortlist, RankBy? order, bool pgvector = false) =>
        Assert.Single(report.Rows, row => row.Ranking == ranking && row.Shortlist == shortlist && row.RankBy == order && row.ThroughPgvector == pgvector);

    /// <summary>Equal but for the order in which means are summed.</summary>
    public static void Same(DirectionMeasures expected, DirectionMeasures actual, string what)
    {
        Assert.True(
            expected.Ranks.Missed == actual.Ranks.Missed
            && Near(expected.Ranks.RecallAt1, actual.Ranks.RecallAt1)
            && Near(expected.Ranks.RecallAt5, actual.Ranks.RecallAt5)
            && Near(expected.Ranks.RecallAt10, actual.Ranks.RecallAt10)
            && Near(expected.Ranks.MedianRank, actual.Ranks.MedianRank)
            && Near(expected.Ranks.MeanRank, actual.Ranks.MeanRank)
            && Near(expected.OwnInside, actual.OwnInside)
            && Near(expected.OverlapAt10?.Whole, actual.OverlapAt10?.Whole)
            && Near(expected.OverlapAt10?.Mean, actual.OverlapAt10?.Mean)
            && Near(expected.LossAt1, actual.LossAt1)
            && Near(expected.LossOfPgvectorAt1, actual.LossOfPgvectorAt1),
            $"{what}: expected {expected}, found {actual}");
    }

    private static bool Near(double? expected, double? actual) => expected is null ? actual is null : Math.Abs(expected.Value - (actual ?? double.NaN)) <= Rounding;
}
