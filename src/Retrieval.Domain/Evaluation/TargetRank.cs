using System.Numerics;

namespace Retrieval.Domain.Evaluation;

/// <summary>
/// The rank of a query's best target among scored candidates, from 0. A candidate with the target's score ranks before it, so a
/// model that cannot distinguish candidates gets no advantage.
/// </summary>
public static class TargetRank
{
    /// <summary>The rank; <see cref="RecallMetrics.NotRanked"/> if none of the candidates is a target.</summary>
    /// <typeparam name="T">Precision of the scores.</typeparam>
    /// <param name="scores">One score per candidate; none is NaN.</param>
    /// <param name="isTarget">Whether the candidate at a position among the scores is a target.</param>
    public static int Of<T>(ReadOnlySpan<T> scores, Func<int, bool> isTarget)
        where T : struct, IFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(isTarget);
        var best = T.NegativeInfinity;
        var found = false;
        for (var i = 0; i < scores.Length; i++)
        {
            if (isTarget(i))
            {
                found = true;
                best = T.Max(best, scores[i]);
            }
        }

        if (!found)
        {
            return RecallMetrics.NotRanked;
        }

        var before = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            before += scores[i] >= best && !isTarget(i) ? 1 : 0;
        }

        return before;
    }
}
