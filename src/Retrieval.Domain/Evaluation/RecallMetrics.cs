using Retrieval.Domain.Errors;

namespace Retrieval.Domain.Evaluation;

/// <summary>
/// The metrics of the papers: R@1, R@5, R@10, median and mean rank in both directions, computed like the evaluation code of SCAN
/// and SGRAF.
/// </summary>
/// <remarks>
/// Scores are <c>[images, captions]</c>, row-major; the captions of image <c>i</c> are the columns <c>i·k … i·k + k - 1</c>. Ties
/// count against the query: a candidate with the same score as the target ranks before it. The reference code leaves ties to the
/// order of a sort, so a model that gives every pair the same score could be anything from perfect to useless there; here it is
/// useless. Without ties the numbers are equal.
/// </remarks>
public static class RecallMetrics
{
    /// <summary>The rank of a query whose target is not in the shortlist.</summary>
    public const int NotRanked = -1;

    /// <summary>Measures one test set.</summary>
    /// <param name="scores">All scores, <c>[images, images · captionsPerImage]</c>, row-major.</param>
    /// <param name="images">Number of images, at least 1.</param>
    /// <param name="captionsPerImage">Number of captions per image, at least 1.</param>
    /// <exception cref="InvalidInputException">The number of scores does not match the shape, or a score is NaN.</exception>
    public static RetrievalSummary Summarize(ReadOnlySpan<float> scores, int images, int captionsPerImage)
    {
        CheckScores(scores, images, captionsPerImage);
        return SummarizeFold(scores, images, captionsPerImage, 0, images);
    }

    /// <summary>
    /// Measures each fold of a test set separately and averages the numbers. With 5 folds this is the "1K" protocol for MS-COCO's
    /// 5,000 test images.
    /// </summary>
    /// <param name="scores">All scores, <c>[images, images · captionsPerImage]</c>, row-major.</param>
    /// <param name="images">Number of images, at least 1.</param>
    /// <param name="captionsPerImage">Number of captions per image, at least 1.</param>
    /// <param name="folds">Number of folds of consecutive images; must divide <paramref name="images"/>.</param>
    /// <exception cref="InvalidInputException">As <see cref="Summarize"/>, or the images cannot be divided evenly.</exception>
    public static RetrievalSummary SummarizeFolds(ReadOnlySpan<float> scores, int images, int captionsPerImage, int folds = 5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 1);
        CheckScores(scores, images, captionsPerImage);
        if (images % folds != 0)
        {
            throw new InvalidInputException($"{images} images cannot be cut into {folds} folds of equal size");
        }

        var size = images / folds;
        var parts = new List<RetrievalSummary>(folds);
        for (var fold = 0; fold < folds; fold++)
        {
            parts.Add(SummarizeFold(scores, images, captionsPerImage, fold * size, size));
        }

        return new RetrievalSummary(
            size,
            captionsPerImage,
            RankSummary.Average([.. parts.Select(p => p.ImageToText)]),
            RankSummary.Average([.. parts.Select(p => p.TextToImage)]));
    }

    /// <summary>Summarizes ranks from any source.</summary>
    /// <param name="ranks">One rank per query, from 0; <see cref="NotRanked"/> if the target is not in the shortlist. Such a
    /// query counts as not recalled at any K. Its unknown rank counts as the last, so the median and the mean are upper
    /// bounds.</param>
    /// <param name="candidates">Number of candidates of each query, shortlisted or not.</param>
    /// <exception cref="InvalidInputException">There are no ranks, or a rank is outside 0 … candidates - 1.</exception>
    public static RankSummary FromRanks(ReadOnlySpan<int> ranks, int candidates)
    {
        if (ranks.IsEmpty)
        {
            throw new InvalidInputException("there are no ranks to sum up");
        }

        var counted = new int[ranks.Length];
        var missed = 0;
        double at1 = 0, at5 = 0, at10 = 0, sum = 0;
        for (var i = 0; i < ranks.Length; i++)
        {
            var rank = ranks[i];
            if (rank < NotRanked || rank >= candidates)
            {
                throw new InvalidInputException($"rank {rank}, expected 0 … {candidates - 1}, or {NotRanked} for none", row: i);
            }

            if (rank == NotRanked)
            {
                missed++;
                rank = candidates - 1;
            }
            else
            {
                at1 += rank < 1 ? 1 : 0;
                at5 += rank < 5 ? 1 : 0;
                at10 += rank < 10 ? 1 : 0;
            }

            counted[i] = rank;
            sum += rank;
        }

        Array.Sort(counted);
        var median = Math.Floor((counted[(counted.Length - 1) / 2] + (double)counted[counted.Length / 2]) / 2);
        double n = ranks.Length;
        return new RankSummary(100 * at1 / n, 100 * at5 / n, 100 * at10 / n, median + 1, (sum / n) + 1, missed);
    }

    private static void CheckScores(ReadOnlySpan<float> scores, int images, int captionsPerImage)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(captionsPerImage, 1);
        var captions = (long)images * captionsPerImage;
        if (scores.Length != images * (Int128)captions)
        {
            throw new InvalidInputException(
                $"{scores.Length} scores, expected {images} × {captions} for {images} images and {captions} captions");
        }

        for (var i = 0; i < scores.Length; i++)
        {
            if (float.IsNaN(scores[i]))
            {
                throw new InvalidInputException($"the score of image {i / captions} and caption {i % captions} is not a number");
            }
        }
    }

    private static RetrievalSummary SummarizeFold(ReadOnlySpan<float> scores, int images, int captionsPerImage, int first, int count) => new(
        count,
        captionsPerImage,
        FromRanks(ScoreRanks.OfCaptions(scores, images, captionsPerImage, first, count), count * captionsPerImage),
        FromRanks(ScoreRanks.OfImages(scores, images, captionsPerImage, first, count), count));
}
