using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;

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
/// <param name="PairsOfAll">Pairs of all queries, if only some are taken since that is more than
/// <see cref="EvaluationOptions.MostPairs"/>; otherwise null.</param>
public sealed record EvaluationPlan(
    long Images, long Captions, int ImageQueries, int CaptionQueries, IReadOnlyList<int> Shortlists, bool Full, long Pairs, int Folds = 1, long? PairsOfAll = null)
{
    /// <summary>The folds with their queries, as few as <see cref="EvaluationOptions.MostPairs"/> says, and the plan.</summary>
    /// <param name="ranges">The corpus.</param>
    /// <param name="name">The corpus, as an error names it.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="ranking">The bundle's ranking, if it has one.</param>
    /// <exception cref="InvalidInputException">The corpus cannot be divided.</exception>
    internal static (IReadOnlyList<EvaluationFold> Folds, EvaluationPlan Plan) Make(CaptionRanges ranges, string name, EvaluationOptions options, RankingSpec? ranking)
    {
        var all = WithQueries(options.Queries);
        if (options.Queries is not null || options.MostPairs is not { } most || all.Plan.Pairs <= most)
        {
            return all;
        }

        // The pairs grow with the queries: each scores the same number.
        var some = WithQueries((int)Math.Max(1, most / WithQueries(1).Plan.Pairs));
        return (some.Folds, some.Plan with { PairsOfAll = all.Plan.Pairs });

        (IReadOnlyList<EvaluationFold> Folds, EvaluationPlan Plan) WithQueries(int? queries)
        {
            var folds = EvaluationFold.Of(ranges, name, options with { Queries = queries });
            return (folds, Of(ranges, folds, options, ranking));
        }
    }

    /// <param name="ranges">The corpus.</param>
    /// <param name="folds">Its folds.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="ranking">The bundle's ranking, if it has one.</param>
    private static EvaluationPlan Of(CaptionRanges ranges, IReadOnlyList<EvaluationFold> folds, EvaluationOptions options, RankingSpec? ranking)
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
