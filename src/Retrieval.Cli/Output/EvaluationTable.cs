using Retrieval.Domain.Evaluation;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Output;

/// <summary>Shows recalls and ranks of one direction as table rows.</summary>
internal static class EvaluationTable
{
    private static readonly string[] Measures = ["#R@1", "#R@5", "#R@10", "#median rank", "#mean rank"];

    /// <summary>A table with the given headings for its first and its last columns, with the measures between them.</summary>
    public static ResultTable Create(string title, IEnumerable<string> first, params IEnumerable<string> last) => new(title, [.. first, .. Measures, .. last]);

    public static void AddRow(ResultTable table, RankSummary ranks, IEnumerable<string> first, params IEnumerable<string> last) => table.Add(
    [
        .. first,
        .. Recalls(ranks),
        (ranks.Missed > 0 ? "≤ " : "") + Units.Fixed(ranks.MedianRank, 1),
        (ranks.Missed > 0 ? "≤ " : "") + Units.Fixed(ranks.MeanRank, 2),
        .. last,
    ]);

    /// <summary>R@1, R@5 and R@10.</summary>
    public static string[] Recalls(RankSummary ranks) => [Units.Fixed(ranks.RecallAt1, 1), Units.Fixed(ranks.RecallAt5, 1), Units.Fixed(ranks.RecallAt10, 1)];
}
