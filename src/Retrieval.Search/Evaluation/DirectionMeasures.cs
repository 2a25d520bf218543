using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>Quality of one ranking method in one direction.</summary>
/// <param name="Ranks">Recalls and ranks of the queries' targets.</param>
public sealed record DirectionMeasures(RankSummary Ranks)
{
    /// <summary>Share of queries whose own target is in the shortlist, in percent; null where there is no shortlist.</summary>
    public double? OwnInside { get; init; }

    /// <summary>How much of the first ten of the full ranking by the same order the shortlist has; null without a full ranking.</summary>
    public TopTenOverlap? OverlapAt10 { get; init; }

    /// <summary>What the shortlist costs: R@1 of the full ranking less this one's, by the same order, in percentage points; null
    /// without a full ranking.</summary>
    public double? LossAt1 { get; init; }

    /// <summary>The part of it that pgvector causes: R@1 from the exact shortlist less this one's, by the same order, in percentage
    /// points; null for an exact shortlist. The rest is the embedding's.</summary>
    public double? LossOfPgvectorAt1 { get; init; }

    /// <summary>The mean of every number over folds; targets missed are summed.</summary>
    internal static DirectionMeasures Average(IReadOnlyList<DirectionMeasures> folds) => new(RankSummary.Average([.. folds.Select(fold => fold.Ranks)]))
    {
        OwnInside = folds.Average(fold => fold.OwnInside),
        OverlapAt10 = folds[0].OverlapAt10 is null
            ? null
            : new TopTenOverlap(folds.Average(fold => fold.OverlapAt10!.Value.Whole), folds.Average(fold => fold.OverlapAt10!.Value.Mean)),
        LossAt1 = folds.Average(fold => fold.LossAt1),
        LossOfPgvectorAt1 = folds.Average(fold => fold.LossOfPgvectorAt1),
    };
}
