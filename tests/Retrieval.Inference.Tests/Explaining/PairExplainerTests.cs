using Retrieval.Features.Npy;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Explaining;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Explaining;

public sealed class PairExplainerTests
{
    private static readonly MatchingModel Model = Bundles.Model(Bundles.Explained);

    [Fact]
    public void A_pair_by_itself_is_explained_as_PyTorch_explained_it_among_others()
    {
        using var recorded = NpzFile.Open(Path.Combine(Bundles.PathOf(Bundles.Explained), "parity.npz"));
        var (tokens, lengths) = (recorded.Read("token_ids"), recorded.Read("lengths").ToInt64s());
        var (ids, words) = (tokens.ToInt64s(), (int)tokens.Shape[1]);
        using var images = Model.ImageEncoder.Encode(recorded.Read("regions").ToSingles(), TestContext.Current.CancellationToken);
        var expected = Model.Manifest.Graphs.Explainer!.Outputs.Select(output => recorded.Read(output.GraphName).ToSingles()).ToList();
        for (var image = 0; image < images.Count; image++)
        {
            for (var caption = 0; caption < lengths.Length; caption++)
            {
                using var encoded = Model.TextEncoder.Encode([ids.AsSpan(caption * words, (int)lengths[caption]).ToArray()], TestContext.Current.CancellationToken);
                using var record = images.Records.Row(image);

                var explained = Model.Explainer!.Explain(record, encoded.Records, TestContext.Current.CancellationToken);

                Assert.Equal((int)lengths[caption], explained.Words);
                for (var i = 0; i < expected.Count; i++)
                {
                    var output = explained.Outputs[i];
                    var padded = output.Spec.Shape(words, Model.Manifest.RegionCount);
                    var size = TensorCut.Elements(padded);
                    var pair = expected[i].AsSpan(((image * lengths.Length) + caption) * size, size);
                    Assert.Equal(output.Spec.Shape((int)lengths[caption], Model.Manifest.RegionCount), output.Shape);
                    Assert.Equal(TensorCut.Of(pair, padded, output.Shape), output.Values, (a, b) => Math.Abs(a - b) <= 1e-4);
                }
            }
        }
    }

    [Fact]
    public void The_score_is_the_scorers_and_distributions_sum_to_one()
    {
        using var images = Model.ImageEncoder.Encode(Samples.Regions(Model.Manifest, 3, 5), TestContext.Current.CancellationToken);
        using var captions = Model.TextEncoder.Encode(Samples.Captions(Model, 6, 6), TestContext.Current.CancellationToken);
        var score = new float[1];
        for (var image = 0; image < images.Count; image++)
        {
            for (var caption = 0; caption < captions.Count; caption++)
            {
                using var record = images.Records.Row(image);
                using var query = captions.Records.Row(caption);

                var explained = Model.Explainer!.Explain(record, query, TestContext.Current.CancellationToken);

                Model.TextToImage.TransformedScores(record, query, [0], [0], score, TestContext.Current.CancellationToken);
                Assert.Equal(score[0], explained.Transformed, 1e-3f);
                Assert.All(explained.Outputs.Where(output => output.Spec.Distribution is not null), AssertDistribution);
            }
        }
    }

    [Fact]
    public void Tables_of_the_wrong_sides_or_of_several_are_refused()
    {
        using var images = Model.ImageEncoder.Encode(Samples.Regions(Model.Manifest, 2, 5), TestContext.Current.CancellationToken);
        using var captions = Model.TextEncoder.Encode([[1, 5, 2]], TestContext.Current.CancellationToken);
        using var image = images.Records.Row(0);

        Assert.Throws<ArgumentException>(() => Model.Explainer!.Explain(images.Records, captions.Records, TestContext.Current.CancellationToken));
        Assert.Throws<ArgumentException>(() => Model.Explainer!.Explain(captions.Records, image, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_padded_tensor_is_cut_along_every_axis()
    {
        float[] padded = [.. Enumerable.Range(0, 24).Select(i => (float)i)];

        Assert.Equal([0, 1, 4, 5, 12, 13, 16, 17], TensorCut.Of(padded, [2, 3, 4], [2, 2, 2]));
        Assert.Equal(padded, TensorCut.Of(padded, [2, 3, 4], [2, 3, 4]));
        Assert.Equal([0f, 1f], TensorCut.Of(padded.AsSpan(0, 3), [3], [2]));
    }

    [Fact]
    public async Task Work_that_is_cancelled_or_late_while_it_waits_is_not_computed_and_the_rest_is()
    {
        var time = new ManualTime();
        using var queue = new WorkScheduler(time: time);
        using var image = Model.ImageEncoder.Encode(Samples.Regions(Model.Manifest, 1, 5), TestContext.Current.CancellationToken);
        using var caption = Model.TextEncoder.Encode([[1, 5, 9, 2]], TestContext.Current.CancellationToken);
        using var left = new CancellationTokenSource();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
        var batcher = ExplainItem.BatcherOf(Model.Explainer!);
        var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);

        var cancelled = Queue(new WorkLimits { Caller = left.Token });
        var late = Queue(new WorkLimits { Deadline = deadline.Token, DeadlineAt = time.GetTimestamp() + TimeSpan.TicksPerSecond });
        var kept = Queue(default);
        await left.CancelAsync();
        time.Advance(TimeSpan.FromSeconds(2));

        // Both end before the device is free.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late);
        Assert.False(kept.IsCompleted);
        turn.Dispose();
        Assert.Equal(4, (await kept).Words);

        Task<Explanation> Queue(WorkLimits limits) => queue.RunAsync(new ExplainItem(batcher, image.Records, caption.Records, limits));
    }

    [Fact]
    public async Task An_image_that_is_a_query_is_encoded_through_the_queue_as_by_itself()
    {
        using var queue = new WorkScheduler();
        var regions = Samples.Regions(Model.Manifest, 1, 5);
        using var alone = Model.ImageEncoder.Encode(regions, TestContext.Current.CancellationToken);

        using var queued = await queue.RunAsync(new ImageItem(ImageItem.BatcherOf(Model.ImageEncoder), regions, Model.Manifest.RegionWidth, default));

        Assert.Equal(alone.Embedding(0).ToArray(), queued.Embedding(0).ToArray());
    }

    private static void AssertDistribution(ExplainedOutput output)
    {
        var axis = output.Spec.Distribution!.Value;
        var inner = TensorCut.Elements(output.Shape.AsSpan(axis + 1));
        var size = output.Shape[axis];
        var sums = output.Values.Select((value, i) => (value, Sum: (i / (inner * size), i % inner))).GroupBy(each => each.Sum, each => (double)each.value);
        Assert.All(sums, sum => Assert.Equal(1, sum.Sum(), 1e-4));
        Assert.All(output.Values, value => Assert.True(value >= 0));
    }
}
