namespace Retrieval.Search.Queries;

/// <summary>A candidate as it passes through the stages.</summary>
/// <param name="Slot">Its row in the bank.</param>
/// <param name="Coarse">Score and rank in the first stage.</param>
/// <param name="Score">The matching model's score; null if it was not reranked.</param>
internal readonly record struct Candidate(long Slot, CoarseRank Coarse, float? Score)
{
    /// <summary>Best first; equal scores are ordered by the first stage.</summary>
    public static int Compare(Candidate one, Candidate other)
    {
        var byScore = other.Score.GetValueOrDefault().CompareTo(one.Score.GetValueOrDefault());
        return byScore != 0 ? byScore : one.Coarse.Rank.CompareTo(other.Coarse.Rank);
    }
}
