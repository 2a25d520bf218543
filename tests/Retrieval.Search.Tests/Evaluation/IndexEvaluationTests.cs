using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Tests.Evaluation;

/// <summary>An index is evaluated as it is stored, against an oracle in plain code.</summary>
public sealed class IndexEvaluationTests : IDisposable
{
    private static readonly int[] Sizes = [2, 5, 12, 60];

    private readonly IndexFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(RankedBundle.NoRanking, false)]
    [InlineData(RankedBundle.NoRanking, true)]
    [InlineData("identity", false)]
    [InlineData("identity", true)]
    [InlineData("logit", false)]
    [InlineData("logit", true)]
    public async Task Every_number_is_the_oracles(string transform, bool sampled)
    {
        var ranked = transform != RankedBundle.NoRanking;
        var model = RankedBundle.Of(transform);
        await IngestAsync(model, Distinct.Make(30, 2, 71));
        using var index = Open(model);
        var oracle = new IndexOracle(model, index);
        var options = new EvaluationOptions { Shortlists = Sizes, Full = true, Queries = sampled ? 13 : null };

        var report = await EvaluateAsync(model, index, options);

        var text = QuerySample.Of(oracle.Captions, options.Queries);
        var images = QuerySample.Of(oracle.Images, options.Queries);
        Assert.Equal(sampled ? (13, 13) : (60, 30), (report.Plan.CaptionQueries, report.Plan.ImageQueries));
        Assert.Equal((ranked ? 2 : 1) * (Sizes.Length + 1) + 1, report.Rows.Count);
        foreach (var row in report.Rows)
        {
            Func<int, int[], int[]>? shortlist = row.Shortlist is { } size ? (_, inOrder) => [.. inOrder.Take(size)] : null;
            EvaluationAssert.Same(oracle.OfText(text, row.RankBy, shortlist, full: true), row.TextToImage, $"{row.Ranking} {row.Shortlist} {row.RankBy}, text to image");
            EvaluationAssert.Same(oracle.OfImages(images, row.RankBy, shortlist, full: true, onePass: !sampled), row.ImageToText, $"{row.Ranking} {row.Shortlist} {row.RankBy}, image to text");
        }

        if (ranked)
        {
            Assert.Contains(Sizes, size => report.Row("reranked", size, RankBy.Score).ImageToText != report.Row("reranked", size, RankBy.Both).ImageToText);
        }

        // Every pair once and the images' shortlists by their own scorer; of a sample every pair of its queries.
        Assert.Equal(sampled ? 13 * (30 + 60) : (30 * 60) + (30 * 60), report.PairsScored);
        Assert.Equal(report.Plan.Pairs, report.PairsScored);
    }

    [Fact]
    public async Task Without_the_full_ranking_only_the_shortlists_are_scored()
    {
        await IngestAsync(RankedBundle.Model, Distinct.Make(30, 2, 72));
        using var index = Open(RankedBundle.Model);
        var oracle = new IndexOracle(RankedBundle.Model, index);

        var report = await EvaluateAsync(RankedBundle.Model, index, new EvaluationOptions { Shortlists = [4, 11], Queries = 7 });

        Assert.Equal((2 * 7 * 11, 2 * 7 * 11), (report.PairsScored, report.Plan.Pairs));
        Assert.DoesNotContain(report.Rows, row => row.Ranking == "full");
        foreach (var row in report.Rows.Where(row => row.Shortlist is not null))
        {
            EvaluationAssert.Same(oracle.OfText(QuerySample.Of(oracle.Captions, 7), row.RankBy, (_, inOrder) => [.. inOrder.Take(row.Shortlist!.Value)], full: false), row.TextToImage, $"{row.Shortlist} {row.RankBy}");
        }
    }

    [Fact]
    public async Task Shortlists_are_the_usual_ones_and_the_bundles_own_unless_others_are_chosen()
    {
        await IngestAsync(RankedBundle.Model, Distinct.Make(5, 1, 73));
        using var index = Open(RankedBundle.Model);

        var usual = await EvaluateAsync(RankedBundle.Model, index, new EvaluationOptions());
        var chosen = await EvaluateAsync(RankedBundle.Model, index, new EvaluationOptions { Shortlists = [3, 1, 3] });

        Assert.Equal([RankedBundle.TextShortlist, RankedBundle.ImageShortlist, 10, 20, 50, 100, 200], usual.Plan.Shortlists);
        Assert.Equal((false, RankedBundle.Model.Manifest.Ranking), (usual.Plan.Full, usual.Ranking));
        Assert.Equal([1, 3], chosen.Plan.Shortlists);
        Assert.Equal([null, RankBy.Score, RankBy.Both, RankBy.Score, RankBy.Both], chosen.Rows.Select(row => row.RankBy));
    }

    [Fact]
    public async Task Probabilities_that_float32_gives_as_1_are_told_apart_by_their_logits()
    {
        await IngestAsync(RankedBundle.Model, Distinct.Make(30, 2, 79));
        using var index = Open(RankedBundle.Model);
        var oracle = new IndexOracle(RankedBundle.Model, index);
        var certain = oracle.TextToImage.Values.Count(logit => ScoreTransform.Logit.ScoreOf(logit) == 1f);

        var report = await EvaluateAsync(RankedBundle.Model, index, new EvaluationOptions { Shortlists = [60] });
        var byLogit = report.Row("reranked", 60, RankBy.Score);
        foreach (var pair in oracle.TextToImage.Keys.ToList())
        {
            oracle.TextToImage[pair] = ScoreTransform.Logit.ScoreOf(oracle.TextToImage[pair]);
        }

        Assert.InRange(certain, 100, 1799);
        Assert.True(oracle.OfText(oracle.Captions, RankBy.Score, null, full: false).Ranks.MeanRank > byLogit.TextToImage.Ranks.MeanRank + 1);
    }

    [Fact]
    public async Task An_index_gives_what_its_source_gives()
    {
        var corpus = Distinct.Make(30, 2, 74);
        await IngestAsync(RankedBundle.Model, corpus);
        using var index = Open(RankedBundle.Model);
        var options = new EvaluationOptions { Shortlists = Sizes, Full = true };
        using var other = new IndexFolder();

        var stored = await EvaluateAsync(RankedBundle.Model, index, options);
        var encoded = await new Evaluator(RankedBundle.Model, options, TimeProvider.System).RunAsync(corpus.AsSource(), other.Index, null, Cancelled);

        Assert.Equal(encoded.Rows, stored.Rows);
        Assert.Equal((encoded.Plan.Pairs, encoded.PairsScored), (stored.Plan.Pairs, stored.PairsScored));
    }

    [Fact]
    public async Task Tombstoned_images_and_their_captions_are_neither_queries_nor_candidates()
    {
        var corpus = Distinct.Make(30, 2, 75);
        await IngestAsync(RankedBundle.Model, corpus);
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, IndexBinding.SchemaOf(RankedBundle.Model)))
        {
            foreach (var image in new[] { 0, 7, 8, 29 })
            {
                Assert.True(writer.Delete(corpus.Ids[image]));
            }

            await writer.CommitAsync(cancellation: Cancelled);
        }

        using var index = Open(RankedBundle.Model);
        var oracle = new IndexOracle(RankedBundle.Model, index);

        var report = await EvaluateAsync(RankedBundle.Model, index, new EvaluationOptions { Shortlists = Sizes, Full = true });

        Assert.Equal((26, 52, 26, 52), (report.Plan.Images, report.Plan.Captions, report.Plan.ImageQueries, report.Plan.CaptionQueries));
        foreach (var row in report.Rows)
        {
            Func<int, int[], int[]>? shortlist = row.Shortlist is { } size ? (_, inOrder) => [.. inOrder.Take(size)] : null;
            EvaluationAssert.Same(oracle.OfText(oracle.Captions, row.RankBy, shortlist, full: true), row.TextToImage, $"{row.Ranking} {row.Shortlist} {row.RankBy}");
            EvaluationAssert.Same(oracle.OfImages(oracle.Images, row.RankBy, shortlist, full: true, onePass: true), row.ImageToText, $"{row.Ranking} {row.Shortlist} {row.RankBy}");
        }
    }

    [Fact]
    public async Task The_plan_is_told_before_the_first_pair_and_then_rate_and_time_left()
    {
        await IngestAsync(Bundle.Model, Corpus.Make(20, 2, 76));
        using var index = Open(Bundle.Model);
        var seen = new List<EvaluationProgress>();

        var report = await new Evaluator(Bundle.Model, new EvaluationOptions { Shortlists = [5], Full = true }, TimeProvider.System)
            .RunAsync(index, null, new Seen(seen.Add), Cancelled);

        Assert.Equal((0, report.Plan.Pairs, null), (seen[0].PairsScored, seen[0].Plan!.Pairs, seen[0].Remaining));
        Assert.Equal(["every pair", "text to image", "image to text"], seen.Select(progress => progress.Stage).Distinct());
        Assert.Equal(seen.Select(progress => progress.PairsScored).Order(), seen.Select(progress => progress.PairsScored));
        Assert.Equal((report.PairsScored, 1.0, TimeSpan.Zero), (seen[^1].PairsScored, seen[^1].Done, seen[^1].Remaining));
        Assert.All(seen.Skip(1).Where(progress => progress.PairsScored > 0), progress => Assert.True(progress.PairsPerSecond > 0));
    }

    [Fact]
    public void The_time_left_is_that_of_the_pairs_left_at_the_measured_rate()
    {
        var plan = new EvaluationPlan(10, 50, 10, 50, [5], true, 1000);

        Assert.Equal(TimeSpan.FromSeconds(30), new EvaluationProgress("x", 0.1, plan, 250, TimeSpan.FromSeconds(10)).Remaining);
        Assert.Equal(TimeSpan.Zero, new EvaluationProgress("x", 1, plan, 1003, TimeSpan.FromSeconds(10)).Remaining);
        Assert.Null(new EvaluationProgress("x", 0, plan, 0, TimeSpan.Zero).Remaining);
        Assert.Null(new EvaluationProgress("encode", 0.5, null, 0, TimeSpan.Zero).Remaining);
        Assert.Null(new EvaluationProgress("encode", 0, null, 0, TimeSpan.FromSeconds(10)).Remaining);
        Assert.Equal(TimeSpan.FromSeconds(30), new EvaluationProgress("encode", 0.25, null, 0, TimeSpan.FromSeconds(10)).Remaining);
    }

    [Fact]
    public async Task What_cannot_be_evaluated_is_refused()
    {
        await IngestAsync(Bundle.Model, Corpus.Make(4, 0, 77));
        using (var index = Open(Bundle.Model))
        {
            Assert.Equal(_folder.Index, (await Assert.ThrowsAsync<InvalidInputException>(() => EvaluateAsync(Bundle.Model, index, new EvaluationOptions()))).File);
            await Assert.ThrowsAsync<IndexMismatchException>(() => EvaluateAsync(RankedBundle.Model, index, new EvaluationOptions()));
            Assert.Equal("queries", (await Assert.ThrowsAsync<InvalidInputException>(() => EvaluateAsync(Bundle.Model, index, new EvaluationOptions { Queries = 0 }))).Field);
            Assert.Equal("shortlist", (await Assert.ThrowsAsync<InvalidInputException>(() => EvaluateAsync(Bundle.Model, index, new EvaluationOptions { Shortlists = [0] }))).Field);
        }
    }

    [Theory]
    [InlineData("images/embedding.f32")]
    [InlineData("captions/embedding.f32")]
    public async Task An_embedding_that_is_not_finite_ends_the_evaluation(string file)
    {
        await IngestAsync(Bundle.Model, Corpus.Make(8, 2, 78));
        var path = Directory.EnumerateFiles(_folder.Index, "*", SearchOption.AllDirectories).Single(found => found.EndsWith(file, StringComparison.Ordinal));
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write))
        {
            stream.Write(BitConverter.GetBytes(float.NaN));
        }

        using var index = Open(Bundle.Model);
        await Assert.ThrowsAnyAsync<RetrievalException>(() => EvaluateAsync(Bundle.Model, index, new EvaluationOptions { Shortlists = [5] }));
    }

    [Theory]
    [InlineData(10, null)]
    [InlineData(10, 10)]
    [InlineData(10, 11)]
    [InlineData(10, 1)]
    [InlineData(5000, 100)]
    [InlineData(5000, 999)]
    [InlineData(7, 3)]
    public void A_sample_has_one_query_of_each_equal_part_and_is_always_the_same(int count, int? wanted)
    {
        int[] queries = [.. Enumerable.Range(0, count).Select(i => 3 * i)];

        var sample = QuerySample.Of(queries, wanted);

        Assert.Equal(Math.Min(count, wanted ?? count), sample.Length);
        Assert.Equal(sample, QuerySample.Of(queries, wanted));
        for (var part = 0; part < sample.Length; part++)
        {
            Assert.InRange(sample[part] / 3, (long)part * count / sample.Length, ((part + 1L) * count / sample.Length) - 1);
        }
    }

    [Fact]
    public void A_sample_of_captions_has_as_many_first_captions_as_others()
    {
        var positions = QuerySample.Of([.. Enumerable.Range(0, 5000)], 100).CountBy(caption => caption % 5).ToDictionary();

        Assert.All(Enumerable.Range(0, 5), position => Assert.InRange(positions[position], 15, 25));
    }

    private Task<IngestionReport> IngestAsync(MatchingModel model, Corpus corpus) =>
        new IngestionJob(model, new IngestionOptions { SourceKey = "corpus" }, TimeProvider.System).RunAsync(corpus.AsSource(), _folder.Index, null, Cancelled);

    private LocalIndex Open(MatchingModel model) => LocalIndex.Open(_folder.Index, IndexBinding.SchemaOf(model));

    private static Task<EvaluationReport> EvaluateAsync(MatchingModel model, LocalIndex index, EvaluationOptions options) =>
        new Evaluator(model, options, TimeProvider.System).RunAsync(index, null, null, Cancelled);

    private sealed class Seen(Action<EvaluationProgress> seen) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => seen(value);
    }
}
