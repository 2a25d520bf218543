using Retrieval.Domain.Bundles;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Queries;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Output;

/// <summary>
/// Evaluations of bundles as tables: one for each direction, one of pgvector's shortlists, and one of both directions as papers
/// print it. Each bundle has its group of rows.
/// </summary>
internal sealed class EvaluationReportTables
{
    private readonly IReadOnlyList<EvaluationResult> _results;
    private readonly bool _several;
    private readonly bool _pgvector;
    private readonly bool _ranked;

    private EvaluationReportTables(IReadOnlyList<EvaluationResult> results)
    {
        _results = results;
        _several = results.Count > 1;
        _pgvector = results.Any(result => result.Report.Pgvector is not null);
        _ranked = results.Any(result => result.Report.Ranking is not null);
    }

    private string[] FirstHeadings => [.. When(_several, "bundle"), "ranking", "#shortlist", .. When(_pgvector, "through"), .. When(_ranked, "ordered by")];

    public static TextReport Of(IReadOnlyList<EvaluationResult> results)
    {
        var tables = new EvaluationReportTables(results);
        var text = new TextReport();
        foreach (var (report, device) in results)
        {
            text.Add(Describe(report));
            text.Add($"{Units.Count(report.PairsScored)} pairs scored in {Units.Time(report.ScoringTime)} on {device.Describe()}");
        }

        text.Add(tables.Direction("text to image", ranking => ranking.TextToImage, row => row.TextToImage));
        text.Add(tables.Direction("image to text", ranking => ranking.ImageToText, row => row.ImageToText));
        foreach (var pgvector in results.Select(result => result.Report.Pgvector).OfType<IReadOnlyList<PgvectorRow>>())
        {
            PgvectorTable.AddTo(text, pgvector);
        }

        text.Add(tables.Both());
        return text;
    }

    private static string Describe(EvaluationReport report)
    {
        var plan = report.Plan;
        var folds = plan.Folds == 1 ? "" : $"; means of {plan.Folds} folds of {Units.Count(plan.Images / plan.Folds)} images, each ranked by itself";
        return $"{report.Model}: {Units.Count(plan.Images)} images, {Units.Count(plan.Captions)} captions{folds}; queries: {Units.Count(plan.CaptionQueries)} captions, {Units.Count(plan.ImageQueries)} images"
            + (plan.PairsOfAll is null ? "" : ", a sample");
    }

    private ResultTable Direction(string title, Func<RankingSpec, DirectionRanking> rankingOf, Func<EvaluationRow, DirectionMeasures> of)
    {
        var table = EvaluationTable.Create(title, FirstHeadings, ["#own inside", "#full top 10 kept", "#loss of R@1", .. When(_pgvector, "#of it, pgvector")]);
        ForEachRow(table, (report, row) =>
        {
            var measures = of(row);
            EvaluationTable.AddRow(
                table,
                measures.Ranks,
                First(report, row, report.Ranking is { } ranking ? [rankingOf(ranking).Shortlist] : []),
                [
                    TextOf.Percent(measures.OwnInside),
                    TextOf.Percent(measures.OverlapAt10?.Mean),
                    TextOf.Points(measures.LossAt1),
                    .. When(_pgvector, TextOf.Points(measures.LossOfPgvectorAt1)),
                ]);
        });
        return table;
    }

    private ResultTable Both()
    {
        var table = new ResultTable(
            "both directions", [.. FirstHeadings, "#image to text\nR@1", "#\nR@5", "#\nR@10", "#text to image\nR@1", "#\nR@5", "#\nR@10", "#\nrsum"]);
        ForEachRow(table, (report, row) => table.Add(
            [.. First(report, row, []), .. EvaluationTable.Recalls(row.ImageToText.Ranks), .. EvaluationTable.Recalls(row.TextToImage.Ranks), Units.Fixed(row.RecallSum, 1)]));
        return table;
    }

    private void ForEachRow(ResultTable table, Action<EvaluationReport, EvaluationRow> add)
    {
        foreach (var (report, _) in _results)
        {
            table.BeginGroup();
            foreach (var row in report.Rows)
            {
                add(report, row);
            }
        }
    }

    private string[] First(EvaluationReport report, EvaluationRow row, int[] own)
    {
        var size = row.Shortlist is { } count ? Units.Count(count) + (own.Contains(count) ? ", the bundle's" : "") : "";
        return [.. When(_several, report.Model), row.Ranking, size, .. When(_pgvector, TextOf.Through(row)), .. When(_ranked, TextOf.Order(row.RankBy))];
    }

    private static string[] When(bool condition, string text) => condition ? [text] : [];

    private static class TextOf
    {
        public static string Through(EvaluationRow row) => row.Shortlist is null ? "" : row.ThroughPgvector ? "pgvector" : "exact";

        public static string Order(RankBy? order) => order switch
        {
            RankBy.Both => "both stages",
            RankBy.Score => "score",
            _ => "",
        };

        public static string Percent(double? share) => share is { } known ? $"{Units.Fixed(known, 1)} %" : "";

        // A shortlist may also keep away what the scorer takes for better: then the loss is negative.
        public static string Points(double? loss) => loss is { } known ? Units.Fixed(known, 1) : "";
    }
}
