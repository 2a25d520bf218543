using Retrieval.Search.Evaluation;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Output;

/// <summary>Shows what pgvector's shortlists have of the exact ones, and their times.</summary>
internal static class PgvectorTable
{
    public static void AddTo(TextReport text, IReadOnlyList<PgvectorRow> rows)
    {
        var table = new ResultTable(
            "pgvector's shortlists", "direction", "#shortlist", "#of the exact one", "#of the worst query", "#median, ms", "#95 of 100, ms", "#not in the copy", "#queries lacking rows");
        foreach (var row in rows)
        {
            Add("text to image", row.TextToImage);
            Add("image to text", row.ImageToText);

            void Add(string direction, PgvectorMeasures found) => table.Add(
                direction,
                Units.Count(row.Shortlist),
                $"{Units.Fixed(found.Recall, 1)} %",
                $"{Units.Fixed(found.LeastRecall, 1)} %",
                Units.Fixed(found.MedianMilliseconds, 2),
                Units.Fixed(found.P95Milliseconds, 2),
                Units.Count(found.Missing),
                Units.Count(found.FellBack));
        }

        text.Add(table);
        if (rows.Any(row => row.TextToImage.FellBack + row.ImageToText.FellBack > 0))
        {
            text.Add("the catalog lacks rows of its index: for those queries a search takes the exact shortlist, and so do the rows above");
        }
    }
}
