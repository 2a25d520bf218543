using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>What one direction came to.</summary>
/// <param name="Coarse">The first stage alone.</param>
/// <param name="Reranked">Each shortlist size.</param>
/// <param name="Full">Every pair scored; null if they were not.</param>
/// <param name="Overlaps">For each shortlist size, what it holds of the best ten by the full ranking.</param>
internal sealed record DirectionResult(RankSummary Coarse, IReadOnlyList<RankSummary> Reranked, RankSummary? Full, IReadOnlyList<TopTenOverlap> Overlaps);
