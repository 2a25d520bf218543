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
public sealed record EvaluationPlan(
    long Images, long Captions, int ImageQueries, int CaptionQueries, IReadOnlyList<int> Shortlists, bool Full, long Pairs)
{
    /// <summary>
    /// Whether one pass of the text-to-image scorer over all pairs gives both directions' full rankings. A sample of the queries
    /// has other pairs in each direction.
    /// </summary>
    internal bool OnePass { get; private init; }

    /// <param name="ranges">The corpus.</param>
    /// <param name="imageQueries">Number of images that are queries.</param>
    /// <param name="captionQueries">Number of captions that are queries.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="ranking">The bundle's ranking, if it has one.</param>
    internal static EvaluationPlan Of(CaptionRanges ranges, int imageQueries, int captionQueries, EvaluationOptions options, RankingSpec? ranking)
    {
        var shortlists = options.ShortlistsFor(ranking);
        long images = ranges.Images.Length, captions = ranges.Captions.Length;
        var listed = shortlists.Count == 0 ? 0 : shortlists[^1];
        var onePass = options.Full && captionQueries == captions && imageQueries == ranges.ImagesWithCaptions.Length;
        var ofText = captionQueries * (options.Full ? images : Math.Min(listed, images));
        var ofImages = imageQueries * (options.Full && !onePass ? captions : Math.Min(listed, captions));
        return new EvaluationPlan(images, captions, imageQueries, captionQueries, shortlists, options.Full, ofText + ofImages) { OnePass = onePass };
    }
}
