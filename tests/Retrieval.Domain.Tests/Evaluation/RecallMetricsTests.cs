using Retrieval.Domain.Errors;
using Retrieval.Domain.Evaluation;

namespace Retrieval.Domain.Tests.Evaluation;

public sealed class RecallMetricsTests
{
    [Fact]
    public void A_perfect_model_is_first_everywhere()
    {
        var summary = RecallMetrics.Summarize([9, 8, 1, 1, 1, 1, 9, 8], images: 2, captionsPerImage: 2);

        Assert.Equal(600, summary.RecallSum);
        Assert.Equal(1, summary.ImageToText.MedianRank);
        Assert.Equal(1, summary.TextToImage.MeanRank);
    }

    [Fact]
    public void An_image_is_ranked_by_the_best_of_its_captions()
    {
        Assert.Equal([1, 0], ScoreRanks.OfCaptions([1, 5, 2, 6, 0, 0, 0, 9], images: 2, captionsPerImage: 2, first: 0, count: 2));
    }

    [Fact]
    public void A_model_that_gives_every_pair_the_same_score_is_last_everywhere()
    {
        var summary = RecallMetrics.Summarize(new float[20 * 100], images: 20, captionsPerImage: 5);

        Assert.Equal(0, summary.RecallSum);
        Assert.Equal(96, summary.ImageToText.MeanRank);
        Assert.Equal(20, summary.TextToImage.MeanRank);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranks_are_those_of_a_plain_sort(int seed)
    {
        const int Images = 23, PerImage = 3, Captions = Images * PerImage;
        var random = new Random(seed);
        var scores = Enumerable.Range(0, Images * Captions).Select(i => (float)i).ToArray();
        random.Shuffle(scores);

        var expectedCaptions = Enumerable.Range(0, Images).Select(i => Enumerable.Range(0, Captions)
            .OrderByDescending(c => scores[(i * Captions) + c]).ToList().FindIndex(c => c / PerImage == i)).ToArray();
        var expectedImages = Enumerable.Range(0, Captions).Select(c => Enumerable.Range(0, Images)
            .OrderByDescending(i => scores[(i * Captions) + c]).ToList().IndexOf(c / PerImage)).ToArray();

        Assert.Equal(expectedCaptions, ScoreRanks.OfCaptions(scores, Images, PerImage, 0, Images));
        Assert.Equal(expectedImages, ScoreRanks.OfImages(scores, Images, PerImage, 0, Images));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Rising_maps_of_the_scores_change_nothing(int seed)
    {
        var random = new Random(seed);
        var scores = Enumerable.Range(0, 15 * 30).Select(_ => random.NextSingle()).ToArray();
        var mapped = scores.Select(s => (s * 4) - 2).ToArray();

        Assert.Equal(RecallMetrics.Summarize(scores, 15, 2), RecallMetrics.Summarize(mapped, 15, 2));
    }

    [Fact]
    public void Folds_are_blocks_on_the_diagonal_averaged()
    {
        const int Images = 6, PerImage = 2, Folds = 3, Size = Images / Folds, Captions = Images * PerImage;
        var random = new Random(6);
        var scores = Enumerable.Range(0, Images * Captions).Select(_ => random.NextSingle()).ToArray();

        var blocks = Enumerable.Range(0, Folds).Select(f => RecallMetrics.Summarize(
            [.. Enumerable.Range(f * Size, Size).SelectMany(i => scores.Skip((i * Captions) + (f * Size * PerImage)).Take(Size * PerImage))],
            Size,
            PerImage)).ToArray();
        var folded = RecallMetrics.SummarizeFolds(scores, Images, PerImage, Folds);

        Assert.Equal(Size, folded.Images);
        Assert.Equal(blocks.Average(b => b.RecallSum), folded.RecallSum, 9);
        Assert.Equal(blocks.Average(b => b.TextToImage.MeanRank), folded.TextToImage.MeanRank, 9);
        Assert.Equal(blocks.Average(b => b.ImageToText.MedianRank), folded.ImageToText.MedianRank, 9);
    }

    [Fact]
    public void One_fold_is_the_whole_test_set()
    {
        var random = new Random(7);
        var scores = Enumerable.Range(0, 8 * 8).Select(_ => random.NextSingle()).ToArray();

        Assert.Equal(RecallMetrics.Summarize(scores, 8, 1), RecallMetrics.SummarizeFolds(scores, 8, 1, folds: 1));
    }

    [Fact]
    public void The_median_of_two_middle_ranks_is_rounded_down()
    {
        Assert.Equal(2, RecallMetrics.FromRanks([0, 1, 2, 9], candidates: 20).MedianRank);
        Assert.Equal(4, RecallMetrics.FromRanks([0, 3, 3, 9], candidates: 20).MedianRank);
        Assert.Equal(3, RecallMetrics.FromRanks([2, 0, 9], candidates: 20).MedianRank);
    }

    [Fact]
    public void Recall_counts_the_first_one_five_and_ten()
    {
        var summary = RecallMetrics.FromRanks([0, 1, 4, 5, 9, 10, 11, 12], candidates: 20);

        Assert.Equal(12.5, summary.RecallAt1);
        Assert.Equal(37.5, summary.RecallAt5);
        Assert.Equal(62.5, summary.RecallAt10);
        Assert.Equal(7.5, summary.MeanRank);
    }

    [Fact]
    public void A_target_outside_the_shortlist_is_not_recalled_and_counts_as_last()
    {
        var summary = RecallMetrics.FromRanks([0, RecallMetrics.NotRanked], candidates: 4);

        Assert.Equal(50, summary.RecallAt10);
        Assert.Equal(2.5, summary.MeanRank);
        Assert.Equal(1, summary.Missed);
    }

    [Fact]
    public void A_score_that_is_not_a_number_is_refused_with_its_place()
    {
        var scores = new float[3 * 6];
        scores[6 + 4] = float.NaN;

        var error = Assert.Throws<InvalidInputException>(() => RecallMetrics.Summarize(scores, 3, 2));

        Assert.Contains("image 1 and caption 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Infinite_scores_are_ranked() =>
        Assert.Equal([0, 0], ScoreRanks.OfImages([float.PositiveInfinity, 1, 0, 2], 2, 1, 0, 2));

    [Theory]
    [InlineData(7, 2, 2)]
    [InlineData(0, 1, 1)]
    [InlineData(8, int.MaxValue, int.MaxValue)]
    public void A_matrix_of_another_size_is_refused_by_whatever_reads_it(int length, int images, int captionsPerImage)
    {
        var scores = new float[length];
        Assert.Contains(
            $"{length} scores, expected {images} × ",
            Assert.Throws<InvalidInputException>(() => RecallMetrics.Summarize(scores, images, captionsPerImage)).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => RecallMetrics.SummarizeFolds(scores, images, captionsPerImage, folds: 1));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    public void Numbers_below_one_are_refused(int images, int captionsPerImage, int folds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RecallMetrics.SummarizeFolds([1], images, captionsPerImage, folds));

    [Fact]
    public void Images_that_cannot_be_cut_into_the_folds_are_refused() =>
        Assert.Throws<InvalidInputException>(() => RecallMetrics.SummarizeFolds(new float[16], 4, 1, folds: 3));

    [Theory]
    [InlineData(-2)]
    [InlineData(5)]
    public void A_rank_beyond_the_candidates_is_refused(int rank)
    {
        var error = Assert.Throws<InvalidInputException>(() => RecallMetrics.FromRanks([0, rank], candidates: 5));

        Assert.Equal($"row 1: rank {rank}, expected 0 … 4, or -1 for none", error.Message);
    }

    [Fact]
    public void No_ranks_are_refused() =>
        Assert.Throws<InvalidInputException>(() => RecallMetrics.FromRanks([], candidates: 5));
}
