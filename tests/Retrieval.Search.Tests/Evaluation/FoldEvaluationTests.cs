using Retrieval.Domain.Errors;
using Retrieval.Domain.Evaluation;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Tests.Evaluation;

/// <summary>The protocol of folds: parts of a split, each ranked by itself, and their means.</summary>
public sealed class FoldEvaluationTests : IDisposable
{
    private const int Folds = 5;
    private static readonly int[] Sizes = [2, 5, 100];

    private readonly IndexFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(RankedBundle.NoRanking, true, null)]
    [InlineData("logit", true, null)]
    [InlineData("logit", true, 3)]
    [InlineData("identity", false, null)]
    public async Task Every_number_is_the_mean_over_the_folds_as_splits_of_their_own(string transform, bool full, int? queries)
    {
        var corpus = Ragged(30, 81);
        var model = RankedBundle.Of(transform);
        var options = new EvaluationOptions { Shortlists = Sizes, Full = full, Queries = queries };
        var parts = new List<EvaluationReport>();
        for (var fold = 0; fold < Folds; fold++)
        {
            using var folder = new IndexFolder();
            parts.Add(await EvaluateAsync(model, Part(corpus, fold * 6, 6).AsSource(), options, folder));
        }

        var report = await EvaluateAsync(model, corpus.AsSource(), options with { Folds = Folds });

        Assert.Equal((30, Folds, parts.Sum(part => part.Plan.Captions)), (report.Plan.Images, report.Plan.Folds, report.Plan.Captions));
        Assert.Equal(parts.Sum(part => part.PairsScored), report.PairsScored);
        Assert.Equal(report.Plan.Pairs, report.PairsScored);
        for (var row = 0; row < report.Rows.Count; row++)
        {
            var found = report.Rows[row];
            Assert.All(parts, part => Assert.Equal((found.Ranking, found.Shortlist, found.RankBy), (part.Rows[row].Ranking, part.Rows[row].Shortlist, part.Rows[row].RankBy)));
            Same([.. parts.Select(part => part.Rows[row].TextToImage)], found.TextToImage);
            Same([.. parts.Select(part => part.Rows[row].ImageToText)], found.ImageToText);
            Assert.Equal(parts.Average(part => part.Rows[row].RecallSum), found.RecallSum, 1e-9);
        }
    }

    [Fact]
    public async Task The_full_ranking_is_that_of_the_whole_matrix_cut_into_folds()
    {
        var corpus = Distinct.Make(20, 2, 82);
        var expected = RecallMetrics.SummarizeFolds(new Oracle(corpus).Scores, 20, 2, folds: 4);

        var report = await EvaluateAsync(Bundle.Model, corpus.AsSource(), new EvaluationOptions { Shortlists = [], Full = true, Folds = 4 });

        EvaluationAssert.Same(new DirectionMeasures(expected.ImageToText), report.Rows[^1].ImageToText, "image to text");
        EvaluationAssert.Same(new DirectionMeasures(expected.TextToImage), report.Rows[^1].TextToImage, "text to image");
        Assert.Equal(expected.RecallSum, report.Rows[^1].RecallSum, 1e-9);
        Assert.Equal(4 * 5 * 10, report.PairsScored);
    }

    [Fact]
    public async Task Tombstoned_images_are_in_no_fold()
    {
        var corpus = Distinct.Make(15, 2, 83);
        await IngestAsync(corpus);
        int[] deleted = [0, 6, 7, 13, 14];
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, IndexBinding.SchemaOf(Bundle.Model)))
        {
            Assert.All(deleted, image => Assert.True(writer.Delete(corpus.Ids[image])));
            await writer.CommitAsync(cancellation: Cancelled);
        }

        var options = new EvaluationOptions { Shortlists = [2], Full = true, Folds = 2 };
        using var other = new IndexFolder();
        int[] kept = [.. Enumerable.Range(0, 15).Except(deleted)];
        var expected = await EvaluateAsync(Bundle.Model, Of(corpus, kept).AsSource(), options, other);
        using var index = LocalIndex.Open(_folder.Index, IndexBinding.SchemaOf(Bundle.Model));

        var report = await new Evaluator(Bundle.Model, options, TimeProvider.System).RunAsync(index, null, null, Cancelled);

        Assert.Equal(10, report.Plan.Images);
        Assert.Equal(expected.Rows, report.Rows);
    }

    [Fact]
    public async Task Progress_names_the_fold_and_its_share_is_of_all_pairs()
    {
        var seen = new List<EvaluationProgress>();

        await new Evaluator(Bundle.Model, new EvaluationOptions { Shortlists = [2], Full = true, Folds = 2 }, TimeProvider.System)
            .RunAsync(Distinct.Make(8, 2, 84).AsSource(), _folder.Index, new Seen(seen.Add), Cancelled);

        var scoring = seen.Where(progress => progress.Plan is not null).ToList();
        Assert.Equal(
            ["fold 1 of 2, every pair", "fold 1 of 2, text to image", "fold 1 of 2, image to text", "fold 2 of 2, every pair", "fold 2 of 2, text to image", "fold 2 of 2, image to text"],
            scoring.Select(progress => progress.Stage).Distinct());
        Assert.Equal(scoring.Select(progress => progress.Share).Order(), scoring.Select(progress => progress.Share));
        Assert.Equal(1, scoring[^1].Share);
        Assert.All(scoring, progress => Assert.Equal((double)progress.PairsScored / progress.Plan!.Pairs, progress.Share));
        Assert.Contains(seen, progress => progress is { Stage: "encode", Done: 1 } && progress.Remaining == TimeSpan.Zero);
    }

    [Fact]
    public async Task Folds_that_do_not_divide_the_images_are_refused_before_anything_is_encoded()
    {
        var source = Distinct.Make(30, 1, 85).AsSource();

        var error = await RefusedAsync(source, 7);

        Assert.Equal(("list", "folds"), (error.File, error.Field));
        Assert.Contains("30 images cannot be cut into 7 folds of equal size", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.Index));
        Assert.Equal("folds", (await RefusedAsync(source, 0)).Field);
        Assert.Equal("folds", (await RefusedAsync(source, 31)).Field);
    }

    [Fact]
    public async Task A_fold_without_captions_is_refused()
    {
        var corpus = Distinct.Make(6, 2, 86);
        (corpus.Captions[2], corpus.Captions[3]) = ([], []);

        Assert.Contains("fold 2 of 3 has no captions", (await RefusedAsync(corpus.AsSource(), 3)).Message, StringComparison.Ordinal);
    }

    private Task<InvalidInputException> RefusedAsync(IFeatureSource source, int folds) =>
        Assert.ThrowsAsync<InvalidInputException>(() => EvaluateAsync(Bundle.Model, source, new EvaluationOptions { Shortlists = [2], Folds = folds }));

    private Task<EvaluationReport> EvaluateAsync(MatchingModel model, IFeatureSource source, EvaluationOptions options, IndexFolder? folder = null) =>
        new Evaluator(model, options, TimeProvider.System).RunAsync(source, (folder ?? _folder).Index, null, Cancelled);

    private Task<IngestionReport> IngestAsync(Corpus corpus) =>
        new IngestionJob(Bundle.Model, new IngestionOptions { SourceKey = "corpus" }, TimeProvider.System).RunAsync(corpus.AsSource(), _folder.Index, null, Cancelled);

    /// <summary>Images of none to three captions.</summary>
    private static Corpus Ragged(int images, int seed)
    {
        var corpus = Distinct.Make(images, 3, seed);
        for (var image = 0; image < images; image++)
        {
            corpus.Captions[image] = corpus.Captions[image][..(image * 7 % 4)];
        }

        return corpus;
    }

    private static Corpus Part(Corpus corpus, int first, int count) => Of(corpus, [.. Enumerable.Range(first, count)]);

    private static Corpus Of(Corpus corpus, int[] images) => new()
    {
        Regions = [.. images.Select(image => corpus.Regions[image])],
        Ids = [.. images.Select(image => corpus.Ids[image])],
        Captions = [.. images.Select(image => corpus.Captions[image])],
    };

    private static void Same(IReadOnlyList<DirectionMeasures> parts, DirectionMeasures found)
    {
        double? Mean(Func<DirectionMeasures, double?> of) => parts.Average(of);
        var ranks = new RankSummary(
            parts.Average(part => part.Ranks.RecallAt1),
            parts.Average(part => part.Ranks.RecallAt5),
            parts.Average(part => part.Ranks.RecallAt10),
            parts.Average(part => part.Ranks.MedianRank),
            parts.Average(part => part.Ranks.MeanRank),
            parts.Sum(part => part.Ranks.Missed));
        var expected = new DirectionMeasures(ranks)
        {
            OwnInside = Mean(part => part.OwnInside),
            OverlapAt10 = parts[0].OverlapAt10 is null ? null : new TopTenOverlap(Mean(part => part.OverlapAt10?.Whole)!.Value, Mean(part => part.OverlapAt10?.Mean)!.Value),
            LossAt1 = Mean(part => part.LossAt1),
        };
        EvaluationAssert.Same(expected, found, "mean");
    }

    private sealed class Seen(Action<EvaluationProgress> seen) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => seen(value);
    }
}
