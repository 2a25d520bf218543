namespace Retrieval.Inference.Tests;

/// <summary>Cancellation, disposal and many threads. By itself, since it looks at the memory of the process.</summary>
[Collection(nameof(RunningTests))]
public sealed class RunningTests
{
    [Fact]
    public void A_cancelled_token_ends_every_kind_of_run()
    {
        var model = Bundles.Model(Bundles.Fast);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 2, 2), TestContext.Current.CancellationToken);
        var cancelled = new CancellationToken(canceled: true);

        Assert.ThrowsAny<OperationCanceledException>(() => model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), cancelled));
        Assert.ThrowsAny<OperationCanceledException>(() => model.TextEncoder.Encode([[1, 2]], cancelled));
        Assert.ThrowsAny<OperationCanceledException>(() => model.TextToImage.ScorePairs(images.Records, captions.Records, [0], [0], new float[1], cancelled));
    }

    [Fact]
    public async Task A_run_on_the_device_ends_when_it_is_cancelled_and_the_model_stays_usable()
    {
        using var model = Bundles.Load(Bundles.PathOf(Bundles.Fast), 65_536);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 2, 2), TestContext.Current.CancellationToken);

        // One call of many pairs, which takes seconds; cancelled from another thread once it is on its way.
        const int pairs = 20_000;
        using var stop = new CancellationTokenSource();
        using var begun = new SemaphoreSlim(0);
        var run = Task.Run(() =>
        {
            begun.Release();
            model.TextToImage.ScorePairs(images.Records, captions.Records, new long[pairs], new long[pairs], new float[pairs], stop.Token);
        }, TestContext.Current.CancellationToken);
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.True(float.IsFinite(model.TextToImage.Score(images.Records, captions.Records, [0], [0])[0]));
    }

    [Fact]
    public void Eight_threads_get_the_scores_that_one_gets()
    {
        var model = Bundles.Model(Bundles.Compact);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 10, 1), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 10, 2), token);
        var alone = model.TextToImage.ScoreAlone(images.Records, captions.Records);
        var tokens = Samples.Captions(model, 10, 2);
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = token }, seed =>
        {
            var random = new Random(seed);
            using var own = model.TextEncoder.Encode(tokens, token);
            using var row = images.Records.Row(seed % 10);
            long[] slots = [.. Enumerable.Range(0, 50).Select(_ => random.NextInt64(10))];
            long[] queries = [.. Enumerable.Range(0, 50).Select(_ => random.NextInt64(10))];
            var scores = model.TextToImage.Score(images.Records, own.Records, slots, queries);
            var mirrored = model.ImageToText.Score(own.Records, row, slots, new long[50]);
            for (var i = 0; i < 50; i++)
            {
                Pairs.Near(alone[slots[i], queries[i]], scores[i], 1e-5f, $"pair {i}");
                Pairs.Near(alone[seed % 10, slots[i]], mirrored[i], 1e-5f, $"mirrored pair {i}");
            }
        });
    }

    [Fact]
    public void Loading_and_disposing_a_model_fifty_times_leaves_no_memory_behind()
    {
        void Once()
        {
            using var model = Bundles.Load(Bundles.PathOf(Bundles.Fast));
            using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 4, 1), TestContext.Current.CancellationToken);
            using var captions = model.TextEncoder.Encode(Samples.Captions(model, 4, 2), TestContext.Current.CancellationToken);
            model.TextToImage.Score(images.Records, captions.Records, [0, 1, 2, 3], [0, 1, 2, 3]);
        }

        for (var i = 0; i < 10; i++)
        {
            Once();
        }

        var before = ResidentMemory();
        for (var i = 0; i < 50; i++)
        {
            Once();
        }

        // A model that stays takes some 4 MB, so fifty of them would take 200.
        var grown = ResidentMemory() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"resident memory grew by {grown >> 10} KiB");
        Assert.True(grown < 40L << 20, $"resident memory grew by {grown >> 20} MiB");
    }

    [Fact]
    public void A_refused_bundle_leaves_no_memory_behind()
    {
        using var bundle = new BundleCopy();
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithSingles(npz, "scores", scores => [.. scores.Select(score => score + 1)]));
        for (var i = 0; i < 10; i++)
        {
            bundle.Refused();
        }

        var before = ResidentMemory();
        for (var i = 0; i < 30; i++)
        {
            bundle.Refused();
        }

        Assert.True(ResidentMemory() - before < 40L << 20);
    }

    [Fact]
    public void A_disposed_model_refuses_to_run()
    {
        var model = Bundles.Load(Bundles.PathOf(Bundles.Fast));
        var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), TestContext.Current.CancellationToken);
        var captions = model.TextEncoder.Encode([[1, 2]], TestContext.Current.CancellationToken);
        model.Dispose();
        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => model.TextEncoder.Encode([[1, 2]], TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => model.ImageEncoder.Encode(new float[36 * 64], TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => model.TextToImage.Score(images.Records, captions.Records, [0], [0]));
        images.Dispose();
        captions.Dispose();
    }

    private static long ResidentMemory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Environment.WorkingSet;
    }
}

/// <summary>Runs alone.</summary>
[CollectionDefinition(nameof(RunningTests), DisableParallelization = true)]
public sealed class RunningTestsAlone;
