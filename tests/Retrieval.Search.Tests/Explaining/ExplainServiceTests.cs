using Retrieval.Domain.Errors;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Explaining;
using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Tests.Explaining;

public sealed class ExplainServiceTests(ExplainedCorpus explained) : IClassFixture<ExplainedCorpus>
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private Serving Serving => explained.Serving;

    private Corpus Corpus => explained.Corpus;

    [Fact]
    public async Task The_scores_of_both_stages_and_the_orders_value_are_those_of_searches()
    {
        using var images = await Serving.ImagesAsync(Corpus.AllCaptions[5], 10, 10);
        foreach (var hit in images.Hits)
        {
            var pair = await Serving.ExplainAsync(new ExplainQuery { ImageId = hit.Id, Caption = Corpus.AllCaptions[5] });
            AssertNear(hit, pair, pair.RankingScores!.TextToImage);
        }

        using var captions = await Serving.CaptionsAsync(Corpus.Ids[3], 10, 10);
        foreach (var hit in captions.Hits)
        {
            var pair = await Serving.ExplainAsync(new ExplainQuery { ImageId = Corpus.Ids[3], CaptionId = hit.Id });
            AssertNear(hit, pair, pair.RankingScores!.ImageToText);
            Assert.Equal((hit.Id, hit.Caption), (pair.Caption.Id, pair.Caption.Text));
        }
    }

    [Fact]
    public async Task A_pair_by_ids_is_explained_as_by_features_and_text()
    {
        var byId = await Serving.ExplainAsync(new ExplainQuery { ImageId = Corpus.Ids[2], CaptionId = $"{Corpus.Ids[4]}#1" });
        var byContent = await Serving.ExplainAsync(new ExplainQuery { Features = new ImageFeatures(Corpus.Regions[2], [36, 64]), Caption = Corpus.Captions[4][1] });

        Assert.Equal(byId.Score, byContent.Score, 1e-5f);
        Assert.Equal(byId.Coarse.Score, byContent.Coarse.Score, 1e-4f);
        Assert.Equal(byId.Caption.Tokens, byContent.Caption.Tokens);
        Assert.All(byId.Outputs.Zip(byContent.Outputs), pair => Assert.Equal(pair.First.Values, pair.Second.Values, (a, b) => Math.Abs(a - b) <= 1e-4));
        Assert.Equal((Corpus.Ids[2], 36), (byId.Image.Id, byId.Image.Boxes!.Count));
        Assert.Null(byContent.Image.Id);
        Assert.Null(byContent.Image.Boxes);
        Assert.Null(byContent.Caption.Id);
    }

    [Fact]
    public async Task Outputs_have_the_bundles_names_and_the_captions_length()
    {
        var pair = await Serving.ExplainAsync(new ExplainQuery { ImageId = Corpus.Ids[0], Caption = "w4 unheard w9" });

        Assert.Equal(["<start>", "w4", "unheard", "w9", "<end>"], pair.Caption.Tokens);
        Assert.Equal(["unheard"], pair.Caption.UnknownTokens);
        var attention = pair.Outputs.Single(output => output.Name == "word_attention");
        Assert.Equal(("attention", "regions", 1), (attention.Kind, attention.Distribution, attention.DistributionAxis));
        Assert.Equal(["words", "regions"], attention.Axes);
        Assert.Equal([5, 36], attention.Shape);
        Assert.All(attention.Values.Chunk(36), row => Assert.Equal(1, row.Sum(), 1e-4f));
        var gate = pair.Outputs.Single(output => output.Name == "region_gate");
        Assert.Null(gate.Distribution);
        Assert.Equal([36], gate.Shape);
        Assert.All(gate.Values, value => Assert.InRange(value, 0, 1));
        Assert.All(pair.Outputs, output => Assert.Equal(output.Shape.Aggregate(1, (product, size) => product * size), output.Values.Length));
    }

    [Fact]
    public async Task A_longer_caption_than_the_model_takes_is_truncated_and_says_so()
    {
        var pair = await Serving.ExplainAsync(new ExplainQuery { ImageId = Corpus.Ids[0], Caption = string.Join(' ', Enumerable.Repeat("w5", 400)) });

        Assert.True(pair.Caption.Truncated);
        Assert.Equal(50, pair.Caption.Tokens.Count);
    }

    [Fact]
    public async Task The_pictures_size_is_what_the_metadata_says()
    {
        Assert.Equal(new PictureSize(640, 480), (await Explain(ExplainedCorpus.Sized)).Image.Size);
        Assert.Equal(new PictureSize(320, 240), (await Explain(ExplainedCorpus.SizedByNumbers)).Image.Size);
        Assert.Null((await Explain(0)).Image.Size);
        Assert.Null((await Explain(5)).Image.Size);
        Assert.Null((await Explain(2)).Image.Size);

        Task<PairExplanation> Explain(int image) => Serving.ExplainAsync(new ExplainQuery { ImageId = Corpus.Ids[image], Caption = "w4" });
    }

    [Fact]
    public async Task A_query_that_does_not_name_one_pair_is_refused()
    {
        var (image, features) = (Corpus.Ids[0], new ImageFeatures(Corpus.Regions[0], null));
        await Refused<InvalidInputException>(new ExplainQuery { Caption = "w4" }, "imageId and features");
        await Refused<InvalidInputException>(new ExplainQuery { ImageId = image, Features = features, Caption = "w4" }, "imageId and features");
        await Refused<InvalidInputException>(new ExplainQuery { ImageId = image }, "caption and captionId");
        await Refused<InvalidInputException>(new ExplainQuery { ImageId = image, Caption = "w4", CaptionId = image + "#0" }, "caption and captionId");
        await Refused<InvalidInputException>(new ExplainQuery { ImageId = image, Caption = "a\0b" }, "caption: ");
        await Refused<InvalidInputException>(new ExplainQuery { ImageId = image, Caption = " " }, "caption: ");
        await Refused<InvalidInputException>(new ExplainQuery { ImageId = image, Caption = "w4", DeadlineMs = 0 }, "deadlineMs: found 0");
        await Refused<NotFoundException>(new ExplainQuery { ImageId = "nobody", Caption = "w4" }, "unknown image id 'nobody'");
        await Refused<NotFoundException>(new ExplainQuery { ImageId = image, CaptionId = image + "#2" }, $"unknown caption id '{image}#2'");
        await Refused<NotFoundException>(new ExplainQuery { ImageId = image, CaptionId = "no id" }, "unknown caption id 'no id'");
        await Refused<FeatureShapeException>(new ExplainQuery { Features = new ImageFeatures(new float[64], null), Caption = "w4" }, "the model takes 36 regions of 64 features");
        await Refused<FeatureShapeException>(new ExplainQuery { Features = new ImageFeatures(new float[36 * 64], [64, 36]), Caption = "w4" }, "found the shape (64, 36)");
        await Refused<InvalidInputException>(new ExplainQuery { Features = new ImageFeatures([float.NaN, .. new float[(36 * 64) - 1]], null), Caption = "w4" }, "features: ");

        async Task Refused<TError>(ExplainQuery query, string part)
            where TError : RetrievalException
        {
            var error = await Assert.ThrowsAsync<TError>(() => Serving.ExplainAsync(query));
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_bundle_without_an_explainer_says_how_to_export_one()
    {
        using var folder = new IndexFolder();
        var corpus = Corpus.Make(4, 1, 45);
        corpus.Write(folder.Path);
        using var source = Corpus.Open(folder.Path);
        await Ingest.RunAsync(source, folder.Index);
        using var serving = new Serving(folder.Index);

        var error = await Assert.ThrowsAsync<NoExplainerException>(() => serving.ExplainAsync(new ExplainQuery { ImageId = corpus.Ids[0], Caption = "a dog" }));

        Assert.Contains("camp-gate-fusion-new-concat@", error.Message, StringComparison.Ordinal);
        Assert.Contains("export.py", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Promise", "2")]
    public async Task A_deadline_that_passes_before_or_while_it_waits_is_an_error_and_the_device_is_left_alone()
    {
        var time = new ManualTime();
        using var serving = explained.Serve(time);
        var query = new ExplainQuery { ImageId = Corpus.Ids[0], Caption = "w4", DeadlineMs = 77 };
        var since = time.GetTimestamp();
        time.Advance(Long);
        Assert.Contains("77", (await Assert.ThrowsAsync<DeadlineExceededException>(() => serving.ExplainAsync(query, since))).Message, StringComparison.Ordinal);

        using (await serving.Queues.Device.AcquireExclusiveAsync(1, CancellationToken.None))
        {
            var waiting = serving.ExplainAsync(query);
            await Eventually.TrueAsync(() => serving.Queues.Device.State.Waiting == 1, "it waits");
            time.Advance(Long);
            await Assert.ThrowsAsync<DeadlineExceededException>(() => waiting);
            Assert.Equal(0, serving.Queues.Device.State.Waiting);
        }

        Assert.Equal(Corpus.Ids[0], (await serving.ExplainAsync(query)).Image.Id);
    }

    [Fact]
    public async Task A_caller_who_leaves_while_it_waits_takes_the_work_along()
    {
        using var serving = explained.Serve();
        using var left = new CancellationTokenSource();
        using (await serving.Queues.Device.AcquireExclusiveAsync(1, CancellationToken.None))
        {
            var waiting = serving.ExplainAsync(new ExplainQuery { ImageId = Corpus.Ids[0], CaptionId = Corpus.Ids[0] + "#0" }, stop: left.Token);
            await Eventually.TrueAsync(() => serving.Queues.Device.State.Waiting == 1, "it waits");
            await left.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            Assert.Equal((0, 0), (serving.Queues.Device.State.Waiting, serving.Queues.Device.State.Admitted));
        }
    }

    [Fact]
    public async Task A_full_device_refuses_it_before_anything_is_done()
    {
        using var serving = explained.Serve();
        var device = serving.Queues.Device;
        device.MostAdmitted = 100;
        WorkPermit[] others = [device.Admit(25), device.Admit(25), device.Admit(25), device.Admit(25)];

        await Assert.ThrowsAsync<OverloadedException>(() => serving.ExplainAsync(new ExplainQuery { ImageId = "nobody", Caption = "w4" }));
        Array.ForEach(others, permit => permit.Dispose());
    }

    [Fact]
    public async Task Its_stages_are_told_in_the_order_they_ran()
    {
        var answer = await Serving.Explainer.ExplainAsync(
            new ExplainQuery { ImageId = Corpus.Ids[0], Caption = "w4" }, Serving.Clock.GetTimestamp(), TestContext.Current.CancellationToken);

        Assert.Equal([StageNames.Tokenize, StageNames.Queue, StageNames.Encode, StageNames.Explain, StageNames.Assemble], answer.Stages.Select(stage => stage.Stage));
    }

    private static void AssertNear(SearchHit hit, PairExplanation pair, double rankingScore)
    {
        Assert.Equal(hit.Score!.Value, pair.Score, 1e-5f);
        Assert.Equal(hit.Coarse.Score, pair.Coarse.Score, 1e-5f);
        Assert.Equal(hit.RankingScore!.Value, rankingScore, 1e-3);
    }
}
