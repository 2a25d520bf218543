using Retrieval.Domain.Bundles;

namespace Retrieval.Search.Queries;

/// <summary>A candidate as it passes through the stages.</summary>
/// <param name="Slot">Its row in the bank.</param>
/// <param name="Coarse">Score and rank in the first stage.</param>
internal readonly record struct Candidate(long Slot, CoarseRank Coarse)
{
    /// <summary>t(score) of the second stage; null if it was not reranked.</summary>
    public float? Transformed { get; private init; }

    /// <summary>Rank by that alone among the reranked candidates, from 1; 0 if it was not reranked.</summary>
    public int ScoreRank { get; private init; }

    /// <summary>The value that it is ordered by.</summary>
    public double RankingScore { get; private init; }

    /// <summary>The candidate with what the second stage gave.</summary>
    public Candidate Reranked(float transformed) => this with { Transformed = transformed };

    /// <summary>
    /// Sorts reranked candidates: best first, equal ones in the order of the first stage. Each also gets its rank by the score alone.
    /// </summary>
    public static void Sort(Span<Candidate> reranked, DirectionRanking ranking)
    {
        reranked.Sort(static (one, other) => Compare(one.Transformed.GetValueOrDefault(), other.Transformed.GetValueOrDefault(), one, other));
        for (var i = 0; i < reranked.Length; i++)
        {
            var candidate = reranked[i];
            reranked[i] = candidate with { ScoreRank = i + 1, RankingScore = ranking.Value(candidate.Transformed.GetValueOrDefault(), candidate.Coarse.Score) };
        }

        if (ranking.CoarseWeight > 0)
        {
            reranked.Sort(static (one, other) => Compare(one.RankingScore, other.RankingScore, one, other));
        }
    }

    private static int Compare(double ofOne, double ofOther, in Candidate one, in Candidate other)
    {
        var byValue = ofOther.CompareTo(ofOne);
        return byValue != 0 ? byValue : one.Coarse.Rank.CompareTo(other.Coarse.Rank);
    }
}
