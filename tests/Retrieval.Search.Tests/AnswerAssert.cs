using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests;

/// <summary>
/// Compares an answer with scores computed otherwise. Those differ in the last digits, so an order is wrong only where
/// it is wrong by more than that.
/// </summary>
internal static class AnswerAssert
{
    private const float ScoreError = 1e-5f;

    /// <param name="answer">What the service gave.</param>
    /// <param name="scores">The matching model's score of each candidate.</param>
    /// <param name="coarse">The first stage's.</param>
    /// <param name="top">Hits asked for.</param>
    /// <param name="shortlist">Candidates asked for.</param>
    /// <param name="candidateOf">The candidate that a hit's id names.</param>
    /// <param name="allowed">Candidates that the filter lets through.</param>
    public static void IsBest(SearchAnswer answer, float[] scores, float[] coarse, int top, int shortlist, Func<string, int> candidateOf, Func<int, bool>? allowed = null)
    {
        var candidates = Enumerable.Range(0, scores.Length).Where(allowed ?? (_ => true)).ToArray();
        var coarseError = 1e-5f * Math.Max(1, coarse.Max(Math.Abs));
        var listed = Math.Min(Math.Max(top, shortlist), candidates.Length);
        Assert.Equal((listed, listed, null), (answer.Shortlisted, answer.Reranked, answer.Degraded));
        Assert.Equal(Math.Min(top, listed), answer.Hits.Count);
        Assert.Equal(Enumerable.Range(1, answer.Hits.Count), answer.Hits.Select(hit => hit.Rank));
        Assert.Equal(answer.Hits.Count, answer.Hits.Select(hit => hit.Id).Distinct().Count());

        foreach (var hit in answer.Hits)
        {
            var candidate = candidateOf(hit.Id);
            Assert.Contains(candidate, candidates);
            Near(scores[candidate], hit.Score!.Value, ScoreError);
            Near(coarse[candidate], hit.Coarse.Score, coarseError);
            var before = candidates.Count(other => coarse[other] > coarse[candidate] + (2 * coarseError));
            var notBehind = candidates.Count(other => coarse[other] >= coarse[candidate] - (2 * coarseError));
            Assert.InRange(hit.Coarse.Rank, before + 1, Math.Min(notBehind, listed));
        }

        foreach (var (hit, next) in answer.Hits.Zip(answer.Hits.Skip(1)))
        {
            Assert.True(hit.Score > next.Score || (hit.Score == next.Score && hit.Coarse.Rank < next.Coarse.Rank), "hits are not in order");
        }

        // Every candidate that is surely in the shortlist and surely better than the last hit is a hit.
        var least = answer.Hits.Count < top || answer.Hits.Count == 0 ? float.NegativeInfinity : answer.Hits[^1].Score!.Value;
        var hits = answer.Hits.Select(hit => candidateOf(hit.Id)).ToHashSet();
        var surely = candidates.OrderByDescending(candidate => coarse[candidate]).Take(listed).ToArray();
        var edge = surely.Length == 0 || listed == candidates.Length ? float.NegativeInfinity : coarse[surely[^1]] + (2 * coarseError);
        Assert.DoesNotContain(surely, candidate => coarse[candidate] > edge && scores[candidate] > least + (2 * ScoreError) && !hits.Contains(candidate));
    }

    private static void Near(float expected, float found, float error) => Assert.True(Math.Abs(expected - found) <= error, $"{found} is not within {error} of {expected}");
}
