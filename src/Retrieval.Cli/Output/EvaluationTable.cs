using Retrieval.Domain.Evaluation;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>Shows recalls and ranks as table rows.</summary>
internal static class EvaluationTable
{
    /// <summary>A table with the given headings for its first columns, followed by the measures.</summary>
    public static Table Create(string title, params ReadOnlySpan<string> first) =>
        Tables.Titled(title, [.. first, "#R@1", "#R@5", "#R@10", "#median rank", "#mean rank"]);

    public static void AddRow(Table table, RankSummary ranks, params IEnumerable<string> first) => table.Add(
    [
        .. first,
        Units.Fixed(ranks.RecallAt1, 1),
        Units.Fixed(ranks.RecallAt5, 1),
        Units.Fixed(ranks.RecallAt10, 1),
        (ranks.Missed > 0 ? "≤ " : "") + Units.Fixed(ranks.MedianRank, 1),
        (ranks.Missed > 0 ? "≤ " : "") + Units.Fixed(ranks.MeanRank, 2),
    ]);
}
