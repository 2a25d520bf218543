using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>Results of one direction.</summary>
/// <param name="Coarse">The first stage alone.</param>
/// <param name="Reranked">One entry for each shortlist size.</param>
/// <param name="Full">Ranking with every pair scored; null if they were not.</param>
/// <param name="Overlaps">For each shortlist size, how much of the full ranking's top ten it contains.</param>
internal sealed record DirectionResult(RankSummary Coarse, IReadOnlyList<RankSummary> Reranked, RankSummary? Full, IReadOnlyList<TopTenOverlap> Overlaps);
