namespace Retrieval.Domain.Bundles;

/// <summary>How the hits of one direction are ordered, and from how many candidates.</summary>
/// <param name="CoarseWeight">Weight of the coarse score: finite, 0 or more.</param>
/// <param name="Shortlist">Candidates to rerank if a request does not say, from 1.</param>
public sealed record DirectionRanking(double CoarseWeight, int Shortlist)
{
    /// <summary>
    /// The value that hits are ordered by, highest first: transformed + <see cref="CoarseWeight"/> · coarse. Finite for finite scores:
    /// beyond the range of float64 it is the largest number, so that the coarse score alone decides.
    /// </summary>
    /// <param name="transformed">t(score), as the scorer's graph gives it.</param>
    /// <param name="coarse">Inner product of the embeddings.</param>
    public double Value(float transformed, float coarse) =>
        Math.Clamp(transformed + (CoarseWeight * coarse), -double.MaxValue, double.MaxValue);
}
