using Retrieval.Search.Evaluation;
using Retrieval.Search.Queries;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>The evaluation of a bundle as tables: one for each direction, and one of pgvector's shortlists.</summary>
internal static class EvaluationReportTables
{
    public static void Write(IAnsiConsole console, EvaluationReport report, DeviceView device)
    {
        var plan = report.Plan;
        console.WriteLine($"{report.Model}: {Units.Count(plan.Images)} images, {Units.Count(plan.Captions)} captions; queries: {Units.Count(plan.CaptionQueries)} captions, {Units.Count(plan.ImageQueries)} images");
        console.WriteLine($"{Units.Count(report.PairsScored)} pairs scored in {Units.Time(report.ScoringTime)} on {device.Describe()}");
        WriteDirection(console, report, "text to image", report.Ranking?.TextToImage.Shortlist, row => row.TextToImage);
        WriteDirection(console, report, "image to text", report.Ranking?.ImageToText.Shortlist, row => row.ImageToText);
        if (report.Pgvector is { } pgvector)
        {
            WritePgvector(console, pgvector);
        }
    }

    private static void WriteDirection(IAnsiConsole console, EvaluationReport report, string title, int? own, Func<EvaluationRow, DirectionMeasures> of)
    {
        var pgvector = report.Pgvector is not null;
        string[] first = ["ranking", "#shortlist", .. pgvector ? ["through"] : Array.Empty<string>(), .. report.Ranking is null ? Array.Empty<string>() : ["ordered by"]];
        string[] last = ["#own inside", "#full top 10 kept", "#loss of R@1", .. pgvector ? ["#of it, pgvector"] : Array.Empty<string>()];
        var table = EvaluationTable.Create(title, first, last);
        foreach (var row in report.Rows)
        {
            var measures = of(row);
            var size = row.Shortlist is { } count ? Units.Count(count) + (count == own ? ", the bundle's" : "") : "";
            EvaluationTable.AddRow(
                table,
                measures.Ranks,
                [row.Ranking, size, .. pgvector ? [Through(row)] : Array.Empty<string>(), .. report.Ranking is null ? Array.Empty<string>() : [OrderedBy(row.RankBy)]],
                [
                    Percent(measures.OwnInside),
                    Percent(measures.OverlapAt10?.Mean),
                    Points(measures.LossAt1),
                    .. pgvector ? [Points(measures.LossOfPgvectorAt1)] : Array.Empty<string>(),
                ]);
        }

        console.Write(table);
    }

    private static void WritePgvector(IAnsiConsole console, IReadOnlyList<PgvectorRow> rows)
    {
        var table = Tables.Titled("pgvector's shortlists", "direction", "#shortlist", "#of the exact one", "#of the worst query", "#median, ms", "#95 of 100, ms", "#not in the copy", "#queries lacking rows");
        foreach (var row in rows)
        {
            Add("text to image", row.TextToImage);
            Add("image to text", row.ImageToText);

            void Add(string direction, PgvectorMeasures found) => table.Add(
                direction,
                Units.Count(row.Shortlist),
                Percent(found.Recall),
                Percent(found.LeastRecall),
                Units.Fixed(found.MedianMilliseconds, 2),
                Units.Fixed(found.P95Milliseconds, 2),
                Units.Count(found.Missing),
                Units.Count(found.FellBack));
        }

        console.Write(table);
        if (rows.Any(row => row.TextToImage.FellBack + row.ImageToText.FellBack > 0))
        {
            console.WriteLine("the catalog lacks rows of its index: for those queries a search takes the exact shortlist, and so do the rows above");
        }
    }

    private static string Through(EvaluationRow row) => row.Shortlist is null ? "" : row.ThroughPgvector ? "pgvector" : "exact";

    private static string OrderedBy(RankBy? order) => order switch
    {
        RankBy.Both => "both stages",
        RankBy.Score => "score",
        _ => "",
    };

    private static string Percent(double? share) => share is { } known ? $"{Units.Fixed(known, 1)} %" : "";

    // A shortlist may also keep away what the scorer takes for better: then the loss is negative.
    private static string Points(double? loss) => loss is { } known ? Units.Fixed(known, 1) : "";
}
