using Retrieval.Domain.Bundles;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Queries;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Output;

/// <summary>The evaluation of a bundle as JSON: all numbers of the tables, unrounded.</summary>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Device">Where the graphs ran.</param>
/// <param name="Images">Images ranked.</param>
/// <param name="Captions">Captions ranked.</param>
/// <param name="Folds">Parts that were evaluated each by itself, if more than one: rows have the means.</param>
/// <param name="Queries">How many images and captions were queries.</param>
/// <param name="Ranking">How the bundle orders hits; null if by the score alone.</param>
/// <param name="PairsPlanned">Pairs that were to be scored.</param>
/// <param name="PairsOfAll">Pairs of all queries, if they were too many and only some were taken; otherwise null.</param>
/// <param name="PairsScored">Pairs that were scored.</param>
/// <param name="ScoringSeconds">Time spent on scoring them.</param>
/// <param name="Rows">One for each ranking method.</param>
/// <param name="Pgvector">One for each shortlist size; null without a catalog.</param>
internal sealed record EvaluationReportView(
    string Model,
    DeviceView Device,
    long Images,
    long Captions,
    int? Folds,
    EvaluationReportView.QueryCounts Queries,
    EvaluationReportView.RankingView? Ranking,
    long PairsPlanned,
    long? PairsOfAll,
    long PairsScored,
    double ScoringSeconds,
    IReadOnlyList<EvaluationReportView.Row> Rows,
    IReadOnlyList<PgvectorRow>? Pgvector)
{
    public static EvaluationReportView Of(EvaluationResult result) => Of(result.Report, result.Device);

    private static EvaluationReportView Of(EvaluationReport report, DeviceView device) => new(
        report.Model,
        device,
        report.Plan.Images,
        report.Plan.Captions,
        report.Plan.Folds > 1 ? report.Plan.Folds : null,
        new QueryCounts(report.Plan.ImageQueries, report.Plan.CaptionQueries),
        report.Ranking is { } ranking ? new RankingView(ranking.Transform.ToName(), ranking.ImageToText, ranking.TextToImage) : null,
        report.Plan.Pairs,
        report.Plan.PairsOfAll,
        report.PairsScored,
        report.ScoringTime.TotalSeconds,
        [.. report.Rows.Select(Row.Of)],
        report.Pgvector);

    internal sealed record QueryCounts(int ImageToText, int TextToImage);

    internal sealed record RankingView(string Transform, DirectionRanking ImageToText, DirectionRanking TextToImage);

    internal sealed record Row(string Ranking, int? Shortlist, string? Through, RankBy? RankBy, Direction ImageToText, Direction TextToImage, double Rsum)
    {
        public static Row Of(EvaluationRow row) => new(
            row.Ranking,
            row.Shortlist,
            row.Shortlist is null ? null : row.ThroughPgvector ? "pgvector" : "exact",
            row.RankBy,
            Direction.Of(row.ImageToText),
            Direction.Of(row.TextToImage),
            row.RecallSum);
    }

    internal sealed record Direction(
        double R1, double R5, double R10, double MedianRank, double MeanRank, int? Missed, double? OwnInside, TopTenOverlap? OverlapAt10, double? LossAt1, double? LossOfPgvectorAt1)
    {
        public static Direction Of(DirectionMeasures measures) => new(
            measures.Ranks.RecallAt1,
            measures.Ranks.RecallAt5,
            measures.Ranks.RecallAt10,
            measures.Ranks.MedianRank,
            measures.Ranks.MeanRank,
            measures.Ranks.Missed > 0 ? measures.Ranks.Missed : null,
            measures.OwnInside,
            measures.OverlapAt10,
            measures.LossAt1,
            measures.LossOfPgvectorAt1);
    }
}
