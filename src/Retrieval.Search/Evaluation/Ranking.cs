using Retrieval.Domain.Evaluation;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// The place of a query's target among scored candidates, from 0. A candidate with the target's very score stands
/// before it, as in <see cref="RecallMetrics"/>, so a model that cannot tell candidates apart is not flattered. Scores
/// are finite: the scorer sees to that.
/// </summary>
internal static class Ranking
{
    /// <summary>Place of the best target among the candidates; <see cref="RecallMetrics.NotRanked"/> if none of them is a target.</summary>
    public static int Place(ReadOnlySpan<float> scores, ReadOnlySpan<long> candidates, Func<long, bool> isTarget)
    {
        var best = float.NegativeInfinity;
        var found = false;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (isTarget(candidates[i]))
            {
                found = true;
                best = Math.Max(best, scores[i]);
            }
        }

        if (!found)
        {
            return RecallMetrics.NotRanked;
        }

        var before = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            before += scores[i] >= best && !isTarget(candidates[i]) ? 1 : 0;
        }

        return before;
    }
}
