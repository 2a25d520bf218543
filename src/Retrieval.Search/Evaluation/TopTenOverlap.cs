namespace Retrieval.Search.Evaluation;

/// <summary>How much of the best ten candidates by the full ranking a shortlist holds.</summary>
/// <param name="Whole">Queries of which it holds all ten, in percent.</param>
/// <param name="Mean">The share it holds, in percent, on average over the queries.</param>
public readonly record struct TopTenOverlap(double Whole, double Mean)
{
    /// <summary>Sums of one query more: <paramref name="held"/> of its best <paramref name="best"/> are in the shortlist.</summary>
    internal TopTenOverlap Add(int held, int best) => new(Whole + (held == best ? 1 : 0), Mean + ((double)held / best));

    /// <summary>Percentages from sums over a number of queries.</summary>
    internal TopTenOverlap Percent(int queries) => new(100 * Whole / queries, 100 * Mean / queries);
}
