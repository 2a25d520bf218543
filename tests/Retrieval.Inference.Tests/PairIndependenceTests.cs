using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests;

/// <summary>The score of a pair depends on the pair alone.</summary>
public sealed class PairIndependenceTests
{
    private const int Images = 9;
    private const int Captions = 13;

    public static TheoryData<string, RecordSide> BothDirections => new(
        from bundle in Bundles.Names
        from side in new[] { RecordSide.Image, RecordSide.Caption }
        select (bundle, side));

    [Theory]
    [MemberData(nameof(BothDirections))]
    public void A_pair_scores_alike_alone_and_in_batches_of_every_size(string bundle, RecordSide side)
    {
        var (bank, queries, dispose) = Encode(bundle, side);
        using var held = dispose;
        var alone = Bundles.Model(bundle).Scorer(side).ScoreAlone(bank, queries);
        var random = new Random(17);
        foreach (var pairsPerCall in new[] { 1, 7, 256 })
        {
            var scorer = Bundles.Model(bundle, pairsPerCall).Scorer(side);
            IEnumerable<int> sizes = pairsPerCall == 256 && bundle == Bundles.Fast ? Enumerable.Range(1, 256) : [1, 2, 6, 7, 8, 13, 15, 33, 64, 127, 256];
            foreach (var size in sizes)
            {
                var slots = RandomRows(random, size, bank.Count);
                var query = RandomRows(random, size, queries.Count);
                var scores = scorer.Score(bank, queries, slots, query);
                for (var i = 0; i < size; i++)
                {
                    Pairs.Near(alone[slots[i], query[i]], scores[i], Bundles.Tolerance(bundle), $"pair {i} of {size}, slot {slots[i]}, query {query[i]}, {pairsPerCall} a call");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(BothDirections))]
    public void A_pair_repeated_in_a_batch_scores_alike_each_time(string bundle, RecordSide side)
    {
        var (bank, queries, dispose) = Encode(bundle, side);
        using var held = dispose;

        var scores = Bundles.Model(bundle, 256).Scorer(side).Score(bank, queries, [.. Enumerable.Repeat(4L, 100)], [.. Enumerable.Repeat(5L, 100)]);

        Assert.All(scores, score => Pairs.Near(scores[0], score, Bundles.Tolerance(bundle), "the same pair"));
    }

    [Theory]
    [MemberData(nameof(BothDirections))]
    public void A_larger_bank_around_an_item_changes_nothing(string bundle, RecordSide side)
    {
        var model = Bundles.Model(bundle);
        var (bank, queries, dispose) = Encode(bundle, side);
        using var held = dispose;
        var (large, _, disposeLarge) = Encode(bundle, side, 10);
        using var heldLarge = disposeLarge;
        long[] slots = [.. Enumerable.Range(0, (int)bank.Count)];

        for (var query = 0L; query < queries.Count; query++)
        {
            long[] index = [.. slots.Select(_ => query)];
            var inSmall = model.Scorer(side).Score(bank, queries, slots, index);
            var inLarge = model.Scorer(side).Score(large, queries, slots, index);
            Assert.All(inSmall.Zip(inLarge), pair => Pairs.Near(pair.First, pair.Second, Bundles.Tolerance(bundle), "in a larger bank"));
        }
    }

    // 0xFF fills float32 and float16 with NaN. 0x7B gives 1.3e36 and 61280: finite, as a neighbour's words are.
    public static TheoryData<string, byte> Rubbish => new(
        from bundle in Bundles.Names
        from rubbish in new byte[] { 0xFF, 0x7B }
        select (bundle, rubbish));

    [Theory]
    [MemberData(nameof(Rubbish))]
    public void Rubbish_before_and_behind_the_words_of_a_caption_changes_nothing(string bundle, byte rubbish)
    {
        var model = Bundles.Model(bundle);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, Images, 5), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, Captions, 6), TestContext.Current.CancellationToken);
        using var apart = new MappedCopy(captions.Records, rubbish, gap: 60);
        var random = new Random(23);
        for (var round = 0; round < 8; round++)
        {
            var size = random.Next(1, 200);
            var image = RandomRows(random, size, Images);
            var caption = RandomRows(random, size, Captions);
            var asBank = model.ImageToText.Score(captions.Records, images.Records, caption, image);
            var apartAsBank = model.ImageToText.Score(apart.Table, images.Records, caption, image);
            var asQueries = model.TextToImage.Score(images.Records, captions.Records, image, caption);
            var apartAsQueries = model.TextToImage.Score(images.Records, apart.Table, image, caption);
            for (var i = 0; i < size; i++)
            {
                Pairs.Near(asBank[i], apartAsBank[i], Bundles.Tolerance(bundle), $"bank, image {image[i]}, caption {caption[i]}");
                Pairs.Near(asQueries[i], apartAsQueries[i], Bundles.Tolerance(bundle), $"queries, image {image[i]}, caption {caption[i]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void An_item_is_encoded_alike_alone_and_among_others(string bundle)
    {
        var model = Bundles.Model(bundle);
        var token = TestContext.Current.CancellationToken;
        var regions = Samples.Regions(model.Manifest, Images, 7);
        var tokens = Samples.Captions(model, Captions, 8);
        using var images = model.ImageEncoder.Encode(regions, token);
        using var captions = model.TextEncoder.Encode(tokens, token);
        using var probeImage = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 1, 9), token);
        using var probeCaption = model.TextEncoder.Encode([[1, 7, 9, 2]], token);
        for (var i = 0; i < Images; i++)
        {
            using var alone = model.ImageEncoder.Encode(regions.AsMemory(i * regions.Length / Images, regions.Length / Images), token);
            Assert.All(alone.Embedding(0).ToArray().Zip(images.Embedding(i).ToArray()), pair => Pairs.Near(pair.First, pair.Second, 1e-4f, "embedding"));
            var score = model.TextToImage.Score(images.Records, probeCaption.Records, [i], [0])[0];
            Pairs.Near(score, model.TextToImage.Score(alone.Records, probeCaption.Records, [0], [0])[0], Bundles.Tolerance(bundle), $"image {i}");
        }

        for (var i = 0; i < Captions; i++)
        {
            using var alone = model.TextEncoder.Encode([tokens[i]], token);
            Assert.All(alone.Embedding(0).ToArray().Zip(captions.Embedding(i).ToArray()), pair => Pairs.Near(pair.First, pair.Second, 1e-4f, "embedding"));
            var score = model.ImageToText.Score(captions.Records, probeImage.Records, [i], [0])[0];
            Pairs.Near(score, model.ImageToText.Score(alone.Records, probeImage.Records, [0], [0])[0], Bundles.Tolerance(bundle), $"caption {i}");
        }
    }

    private static long[] RandomRows(Random random, int count, long rows) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(rows))];

    private static (RecordTable Bank, RecordTable Queries, IDisposable Held) Encode(string bundle, RecordSide side, int times = 1)
    {
        var model = Bundles.Model(bundle);
        var images = model.ImageEncoder.Encode(
            Samples.Regions(model.Manifest, Images, 5).Concat(Samples.Regions(model.Manifest, Images * (times - 1), 50)).ToArray(), TestContext.Current.CancellationToken);
        var captions = model.TextEncoder.Encode(
            [.. Samples.Captions(model, Captions, 6), .. Samples.Captions(model, Captions * (times - 1), 60)], TestContext.Current.CancellationToken);
        return side == RecordSide.Image
            ? (images.Records, captions.Records, new Both(images, captions))
            : (captions.Records, images.Records, new Both(images, captions));
    }

    private sealed record Both(IDisposable First, IDisposable Second) : IDisposable
    {
        public void Dispose()
        {
            First.Dispose();
            Second.Dispose();
        }
    }
}
