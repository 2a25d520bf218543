namespace Retrieval.Domain.Evaluation;

/// <summary>Summary of the ranks in one direction of retrieval.</summary>
/// <param name="RecallAt1">Share of queries whose target is first, in percent.</param>
/// <param name="RecallAt5">Share of queries whose target is among the first 5, in percent.</param>
/// <param name="RecallAt10">Share of queries whose target is among the first 10, in percent.</param>
/// <param name="MedianRank">The median rank, counted from 1. With two middle ranks, their mean rounded down.</param>
/// <param name="MeanRank">The mean rank, counted from 1.</param>
/// <param name="Missed">Queries whose target was not ranked at all because it was not in the shortlist.</param>
public sealed record RankSummary(
    double RecallAt1,
    double RecallAt5,
    double RecallAt10,
    double MedianRank,
    double MeanRank,
    int Missed = 0)
{
    /// <summary>The sum of the three recalls, in percent: 0 … 300.</summary>
    public double RecallSum => RecallAt1 + RecallAt5 + RecallAt10;

    /// <summary>The mean of every number over several test sets of equal size; <see cref="Missed"/> is summed.</summary>
    /// <param name="parts">At least one summary.</param>
    public static RankSummary Average(IReadOnlyList<RankSummary> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentOutOfRangeException.ThrowIfZero(parts.Count, nameof(parts));
        return new RankSummary(
            parts.Average(p => p.RecallAt1),
            parts.Average(p => p.RecallAt5),
            parts.Average(p => p.RecallAt10),
            parts.Average(p => p.MedianRank),
            parts.Average(p => p.MeanRank),
            parts.Sum(p => p.Missed));
    }
}
