using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests.Scoring;

/// <summary>A call that asks for more memory than there is fails by itself: those before, beside and after it do not.</summary>
[Trait("Promise", "13")]
public sealed class DeviceFaultTests
{
    private const int Harmless = 100;

    [Theory]
    [InlineData(RecordSide.Image)]
    [InlineData(RecordSide.Caption)]
    public void A_batch_that_exhausts_the_memory_fails_as_a_device_fault_and_the_next_one_is_scored(RecordSide side)
    {
        using var bundle = Exhausting();
        using var model = Bundles.Load(bundle.Path, 256);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 9, 5), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 13, 6), token);
        var (bank, queries) = side == RecordSide.Image ? (images.Records, captions.Records) : (captions.Records, images.Records);
        long[] pairs = [.. Enumerable.Range(0, 9)];
        var expected = Bundles.Model(Bundles.Fast).Scorer(side).Score(bank, queries, pairs, pairs);

        for (var round = 0; round < 3; round++)
        {
            var fault = Assert.Throws<InferenceException>(() => model.Scorer(side).Score(bank, queries, new long[Harmless + 1 + round], new long[Harmless + 1 + round]));

            Assert.True(fault.DeviceFault, fault.Message);
            Assert.StartsWith("scorer_", fault.Graph, StringComparison.Ordinal);
            Assert.Equal(expected, model.Scorer(side).Score(bank, queries, pairs, pairs), (a, b) => Math.Abs(a - b) <= 1e-5f);
            Assert.True(float.IsFinite(model.Scorer(side).Score(bank, queries, new long[Harmless], new long[Harmless])[0]));
        }
    }

    [Fact]
    public async Task Batches_on_other_threads_are_not_touched_by_a_fault()
    {
        using var bundle = Exhausting();
        using var model = Bundles.Load(bundle.Path, 256);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 9, 5), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 13, 6), token);
        long[] pairs = [.. Enumerable.Range(0, 9)];
        var expected = model.TextToImage.Score(images.Records, captions.Records, pairs, pairs);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(
            () =>
            {
                for (var round = 0; round < 10; round++)
                {
                    if (thread == 0)
                    {
                        Assert.True(Assert.Throws<InferenceException>(() => model.TextToImage.Score(images.Records, captions.Records, new long[150], new long[150])).DeviceFault);
                    }
                    else
                    {
                        Assert.Equal(expected, model.TextToImage.Score(images.Records, captions.Records, pairs, pairs), (a, b) => Math.Abs(a - b) <= 1e-5f);
                    }
                }
            },
            token)));
    }

    [Fact]
    public void An_encoder_that_exhausts_the_memory_recovers_too_and_its_threads_with_it()
    {
        using var bundle = new BundleCopy();
        bundle.EditWithHash("text_encoder.onnx", graph => [.. graph, .. ExhaustingNodes.Of("lengths", 8)]);
        using var model = bundle.Load();
        var token = TestContext.Current.CancellationToken;
        using var expected = model.TextEncoder.Encode(Samples.Captions(model, 5, 1), token);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = token }, i =>
        {
            if (i % 2 == 0)
            {
                Assert.True(Assert.Throws<InferenceException>(() => model.TextEncoder.Encode(Samples.Captions(model, 9, 1), token)).DeviceFault);
            }

            using var found = model.TextEncoder.Encode(Samples.Captions(model, 5, 1), token);
            Assert.Equal(expected.Embeddings.ToArray(), found.Embeddings.ToArray(), (a, b) => Math.Abs(a - b) <= 1e-5f);
        });
    }

    [Fact]
    public void A_fault_of_the_inputs_is_none_of_the_device()
    {
        var model = Bundles.Model(Bundles.Fast);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode([[1, 2]], TestContext.Current.CancellationToken);
        var spoilt = System.Runtime.InteropServices.MemoryMarshal.AsMemory(images.Records.Memory(images.Records.Fields[0])).Span;
        spoilt.Fill(0xFF);

        Assert.False(Assert.Throws<InferenceException>(() => model.TextToImage.Score(images.Records, captions.Records, [0], [0])).DeviceFault);
    }

    [Theory]
    [InlineData("Failed to allocate memory for requested buffer of size 4", true)]
    [InlineData("CUDA failure 700: an illegal memory access was encountered ; GPU=0", true)]
    [InlineData("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", true)]
    [InlineData("Available memory of 5 is smaller than requested bytes of 9", true)]
    [InlineData("indices element out of data bounds, idx=60", false)]
    [InlineData("Exiting due to terminate flag being set to true.", false)]
    public void Faults_of_a_device_are_told_by_the_runtimes_words(string words, bool fault) => Assert.Equal(fault, Sessions.DeviceFaults.Is(words));

    [Fact]
    public void A_missing_cuDNN_is_named_with_what_needs_it()
    {
        const string words = "cuDNN is not available. Install cuDNN, update the system library search path";

        Assert.True(Sessions.DeviceFaults.Is(words));
        Assert.Contains("libcudnn.so.9", Sessions.DeviceFaults.Remedy(words), StringComparison.Ordinal);
        Assert.Empty(Sessions.DeviceFaults.Remedy("CUDA failure 2: out of memory"));
    }

    private static BundleCopy Exhausting()
    {
        var bundle = new BundleCopy();
        bundle.EditWithHash("scorer_text_to_image.onnx", graph => [.. graph, .. ExhaustingNodes.Of("slots", Harmless)]);
        bundle.EditWithHash("scorer_image_to_text.onnx", graph => [.. graph, .. ExhaustingNodes.Of("slots", Harmless)]);
        return bundle;
    }
}
