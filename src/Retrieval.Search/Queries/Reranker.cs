using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;

namespace Retrieval.Search.Queries;

/// <summary>The second stage for one query.</summary>
internal static class Reranker
{
    /// <summary>
    /// Scores candidates in coarse order, call by call, until done or until <paramref name="deadline"/>. The scored ones
    /// come first, best first (ties by coarse rank); the others follow in coarse order.
    /// </summary>
    public static Candidate[] Rerank(
        PairScorer scorer,
        RecordTable bank,
        RecordTable query,
        Candidate[] candidates,
        CancellationToken deadline,
        CancellationToken cancellationToken)
    {
        var slots = Array.ConvertAll(candidates, candidate => candidate.Slot);
        var scores = new float[slots.Length];
        var queryIndex = new long[slots.Length];
        var scored = 0;
        while (scored < slots.Length && !deadline.IsCancellationRequested)
        {
            var count = Math.Min(scorer.PairsPerCall, slots.Length - scored);
            scorer.ScorePairs(bank, query, slots.AsSpan(scored, count), queryIndex.AsSpan(scored, count), scores.AsSpan(scored, count), cancellationToken);
            scored += count;
        }

        var reranked = candidates.Take(scored).Select((candidate, i) => candidate with { Score = scores[i] })
            .OrderByDescending(candidate => candidate.Score).ThenBy(candidate => candidate.Coarse.Rank);
        return [.. reranked, .. candidates.Skip(scored)];
    }
}
