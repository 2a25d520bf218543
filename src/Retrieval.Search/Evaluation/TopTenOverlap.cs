namespace Retrieval.Search.Evaluation;

/// <summary>How much of the full ranking's top ten a shortlist contains.</summary>
/// <param name="Whole">Share of queries for which it contains all ten, in percent.</param>
/// <param name="Mean">The share it contains, in percent, averaged over the queries.</param>
public readonly record struct TopTenOverlap(double Whole, double Mean)
{
    /// <summary>Adds one query to the sums: <paramref name="held"/> of its top <paramref name="best"/> are in the shortlist.</summary>
    internal TopTenOverlap Add(int held, int best) => new(Whole + (held == best ? 1 : 0), Mean + ((double)held / best));

    /// <summary>Percentages from sums over a number of queries.</summary>
    internal TopTenOverlap Percent(int queries) => new(100 * Whole / queries, 100 * Mean / queries);
}
