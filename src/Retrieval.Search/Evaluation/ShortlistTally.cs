using Retrieval.Domain.Evaluation;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Evaluation;

/// <summary>Collects what shortlists of one size keep and find, query by query.</summary>
internal sealed class ShortlistTally(int size, int queries, IReadOnlyList<RankBy> orders)
{
    private readonly int[][] _ranks = [.. orders.Select(_ => new int[queries])];
    private readonly TopTenOverlap[] _overlaps = new TopTenOverlap[orders.Count];

    public int Size => size;

    /// <summary>Adds one query.</summary>
    /// <param name="query">Its number, from 0.</param>
    /// <param name="candidates">All its candidates; those of the shortlist have a score.</param>
    /// <param name="shortlist">Places of the shortlist's candidates.</param>
    /// <param name="topTens">For each order, places of the full ranking's first ten; null if there is none.</param>
    public void Add(int query, Candidates candidates, int[] shortlist, IReadOnlyList<int[]>? topTens)
    {
        var kept = topTens is null ? null : shortlist.ToHashSet();
        for (var order = 0; order < orders.Count; order++)
        {
            _ranks[order][query] = candidates.RerankedRank(orders[order], shortlist);
            if (kept is not null)
            {
                _overlaps[order] = _overlaps[order].Add(topTens![order].Count(kept.Contains), topTens[order].Length);
            }
        }
    }

    /// <summary>The result for one order.</summary>
    /// <param name="order">Its place in the list of orders.</param>
    /// <param name="candidates">Number of candidates that a query has in all.</param>
    /// <param name="full">The full ranking by the same order; null if there is none.</param>
    /// <param name="exact">The same row through exact shortlists; null if this is it.</param>
    public DirectionMeasures Measures(int order, int candidates, RankSummary? full, RankSummary? exact)
    {
        var ranks = RecallMetrics.FromRanks(_ranks[order], candidates);
        return new DirectionMeasures(ranks)
        {
            OwnInside = 100.0 * (queries - ranks.Missed) / queries,
            OverlapAt10 = full is null ? null : _overlaps[order].Percent(queries),
            LossAt1 = full?.RecallAt1 - ranks.RecallAt1,
            LossOfPgvectorAt1 = exact?.RecallAt1 - ranks.RecallAt1,
        };
    }
}
