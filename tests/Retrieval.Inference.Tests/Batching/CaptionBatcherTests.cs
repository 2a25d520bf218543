using Retrieval.Inference.Batching;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

public sealed class CaptionBatcherTests
{
    [Fact]
    public async Task Captions_that_wait_are_encoded_together_each_as_alone_and_the_memory_goes_with_the_last()
    {
        var model = Bundles.Model(Bundles.Fast);
        using var queue = new WorkScheduler();
        var captions = Samples.Captions(model, 6, 3);
        var batcher = new CaptionBatcher(model.TextEncoder);
        var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        Task<EncodedCaption>[] waiting = [.. captions.Select(caption => queue.RunAsync(new CaptionItem(batcher, caption, default)))];
        turn.Dispose();
        var encoded = await Task.WhenAll(waiting);
        for (var i = 0; i < captions.Length; i++)
        {
            using var alone = model.TextEncoder.Encode([captions[i]], TestContext.Current.CancellationToken);
            Assert.Equal(alone.Embedding(0).ToArray(), encoded[i].Embedding.ToArray(), (a, b) => Math.Abs(a - b) <= 1e-5);
            Assert.True(encoded[i].IsFinite);
            Assert.Equal(1, encoded[i].Record.Count);
        }

        // The last of them still has its record when the others have gone.
        foreach (var each in encoded[..^1])
        {
            each.Dispose();
            each.Dispose();
        }

        using var image = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 1, 1), TestContext.Current.CancellationToken);
        var last = encoded[^1];
        Assert.True(float.IsFinite(model.TextToImage.Score(image.Records, last.Record, [0], [0])[0]));
        last.Dispose();
        Assert.Throws<ObjectDisposedException>(() => last.Record.Row(0));
    }

    [Fact]
    public async Task A_caption_whose_asker_leaves_while_it_is_encoded_is_given_up()
    {
        var model = Bundles.Model(Bundles.Fast);
        using var queue = new WorkScheduler();
        using var gone = new CancellationTokenSource();
        var batcher = new CancellingLane(new CaptionBatcher(model.TextEncoder), gone);
        var item = new CaptionItem(batcher, Samples.Captions(model, 1, 3)[0], new WorkLimits { Caller = gone.Token });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queue.RunAsync(item));
        await Eventually.TrueAsync(() => item.Given is null, "what was encoded is given up");
    }

    /// <summary>Whoever asked leaves when his caption has just been encoded.</summary>
    private sealed class CancellingLane(IBatcher batcher, CancellationTokenSource gone) : IBatcher
    {
        public string Kind => batcher.Kind;

        public int MaxBatchSize => batcher.MaxBatchSize;

        public IBatch Assemble(IReadOnlyList<WorkSlice> slices) => new Call(batcher.Assemble(slices), slices, gone);

        private sealed class Call(IBatch call, IReadOnlyList<WorkSlice> slices, CancellationTokenSource gone) : IBatch
        {
            public void Run()
            {
                call.Run();
                Assert.NotNull(((CaptionItem)slices[0].Item).Given);
                gone.Cancel();
            }

            public void Dispose() => call.Dispose();
        }
    }
}
