using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>Results of one direction.</summary>
/// <param name="Candidates">Number of candidates of each query.</param>
/// <param name="Coarse">The first stage alone.</param>
/// <param name="Full">Ranking with every pair scored, for each order; null if they were not.</param>
/// <param name="Exact">For each shortlist size, the exact shortlists reranked.</param>
/// <param name="Pgvector">The same through pgvector; null without a catalog.</param>
/// <param name="PgvectorMeasures">For each shortlist size, what pgvector found; null without a catalog.</param>
internal sealed record DirectionResult(
    int Candidates,
    RankSummary Coarse,
    IReadOnlyList<RankSummary>? Full,
    IReadOnlyList<ShortlistTally> Exact,
    IReadOnlyList<ShortlistTally>? Pgvector,
    IReadOnlyList<PgvectorMeasures>? PgvectorMeasures)
{
    /// <summary>The measures of a shortlist.</summary>
    /// <param name="size">Its place in the list of sizes.</param>
    /// <param name="order">The order's place in the list of orders.</param>
    /// <param name="pgvector">Whether pgvector's.</param>
    public DirectionMeasures Reranked(int size, int order, bool pgvector)
    {
        var exact = Exact[size].Measures(order, Candidates, Full?[order], null);
        return pgvector ? Pgvector![size].Measures(order, Candidates, Full?[order], exact.Ranks) : exact;
    }
}
