using Retrieval.Domain.Bundles;

namespace Retrieval.Search.Evaluation;

/// <summary>Quality of a model on a corpus, stage by stage.</summary>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Ranking">How the bundle orders hits; null if by the score alone.</param>
/// <param name="Plan">What was computed.</param>
/// <param name="Rows">The first stage alone, each shortlist reranked, and every pair scored; the latter two for each order.</param>
/// <param name="Pgvector">For each shortlist size, what pgvector found; null without a catalog.</param>
/// <param name="PairsScored">Pairs that the matching model scored.</param>
/// <param name="ScoringTime">Time spent on scoring them.</param>
public sealed record EvaluationReport(
    string Model,
    RankingSpec? Ranking,
    EvaluationPlan Plan,
    IReadOnlyList<EvaluationRow> Rows,
    IReadOnlyList<PgvectorRow>? Pgvector,
    long PairsScored,
    TimeSpan ScoringTime);
