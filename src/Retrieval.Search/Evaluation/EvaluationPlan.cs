using Retrieval.Domain.Bundles;

namespace Retrieval.Search.Evaluation;

/// <summary>What an evaluation will compute, known before it scores the first pair.</summary>
/// <param name="Images">Images of the corpus.</param>
/// <param name="Captions">Captions of the corpus.</param>
/// <param name="ImageQueries">Images that are queries.</param>
/// <param name="CaptionQueries">Captions that are queries.</param>
/// <param name="Shortlists">Shortlist sizes, ascending.</param>
/// <param name="Full">Whether the queries are scored with every candidate.</param>
/// <param name="Pairs">Pairs to be scored. Candidates that only pgvector lists come on top: they are not known before.</param>
/// <param name="Folds">Parts of equally many images that are evaluated each by itself; 1 for the whole corpus.</param>
public sealed record EvaluationPlan(
    long Images, long Captions, int ImageQueries, int CaptionQueries, IReadOnlyList<int> Shortlists, bool Full, long Pairs, int Folds = 1)
{
    /// <param name="ranges">The corpus.</param>
    /// <param name="folds">Its folds.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="ranking">The bundle's ranking, if it has one.</param>
    internal static EvaluationPlan Of(CaptionRanges ranges, IReadOnlyList<EvaluationFold> folds, EvaluationOptions options, RankingSpec? ranking)
    {
        var shortlists = options.ShortlistsFor(ranking);
        var longest = shortlists.Count == 0 ? 0 : shortlists[^1];
        return new EvaluationPlan(
            ranges.Images.Length,
            ranges.Captions.Length,
            folds.Sum(fold => fold.ImageQueries.Length),
            folds.Sum(fold => fold.CaptionQueries.Length),
            shortlists,
            options.Full,
            folds.Sum(fold => fold.Pairs(longest, options.Full)),
            folds.Count);
    }
}
