using Retrieval.Domain.Evaluation;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>Shows recalls and ranks as table rows.</summary>
internal static class EvaluationTable
{
    private static readonly string[] Measures = ["#R@1", "#R@5", "#R@10", "#median rank", "#mean rank"];

    /// <summary>A table with the given headings for its first and its last columns, with the measures between them.</summary>
    public static Table Create(string title, IEnumerable<string> first, params IEnumerable<string> last) => Tables.Titled(title, [.. first, .. Measures, .. last]);

    public static void AddRow(Table table, RankSummary ranks, IEnumerable<string> first, params IEnumerable<string> last) => table.Add(
    [
        .. first,
        Units.Fixed(ranks.RecallAt1, 1),
        Units.Fixed(ranks.RecallAt5, 1),
        Units.Fixed(ranks.RecallAt10, 1),
        (ranks.Missed > 0 ? "≤ " : "") + Units.Fixed(ranks.MedianRank, 1),
        (ranks.Missed > 0 ? "≤ " : "") + Units.Fixed(ranks.MeanRank, 2),
        .. last,
    ]);
}
