using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests;

/// <summary>A bundle whose images have 10 to 100 regions. Its recorded scores are PyTorch's, which took every image alone and without padding.</summary>
public sealed class RegionCountTests
{
    private const int Width = 64;
    private static readonly int[] Counts = [10, 100, 37, 11];

    private static MatchingModel Model => Bundles.Model(Bundles.AnyRegions);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Records_have_as_many_rows_as_their_image_has_regions()
    {
        using var images = Model.ImageEncoder.Encode(Regions(Counts, 3), Counts, Token);

        Assert.Equal(Counts.Select(count => (long)count), images.Records.Lengths.ToArray());
        Assert.All(images.Records.Fields, field => Assert.Equal(Counts.Sum() * field.RowBytes, images.Records.Bytes(field).Length));
    }

    [Theory]
    [InlineData(RecordSide.Image)]
    [InlineData(RecordSide.Caption)]
    public void In_any_batch_an_image_scores_as_it_does_alone_and_as_in_PyTorch(RecordSide side)
    {
        using var file = NpzFile.Open(Path.Combine(Bundles.PathOf(Bundles.AnyRegions), "parity.npz"));
        var recorded = Recorded(file);
        var scores = file.Read("scores").ToSingles();
        using var captions = Model.TextEncoder.Encode(Captions(file), Token);
        float[][] alone = [.. recorded.Select(image => ScoresAlone(image, captions.Records, side))];
        Assert.All(scores.Zip(alone.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));

        var random = new Random(11);
        for (var round = 0; round < 60; round++)
        {
            // Recorded images, some of them several times, among others of any number of regions.
            int[] chosen = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(-1, recorded.Length))];
            float[][] batch = [.. chosen.Select(image => image < 0 ? Regions([random.Next(10, 101)], random.Next()) : recorded[image])];
            using var images = Model.ImageEncoder.Encode(batch.SelectMany(values => values).ToArray(), [.. batch.Select(values => values.Length / Width)], Token);
            var (bank, queries) = side == RecordSide.Image ? (images.Records, captions.Records) : (captions.Records, images.Records);

            // More pairs than a call has, in any order: calls pad to different numbers of regions.
            long[] slots = [.. Enumerable.Range(0, random.Next(1, 80)).Select(_ => random.NextInt64(bank.Count))];
            long[] query = [.. slots.Select(_ => random.NextInt64(queries.Count))];
            var found = Model.Scorer(side).Score(bank, queries, slots, query);
            for (var pair = 0; pair < slots.Length; pair++)
            {
                var (image, caption) = side == RecordSide.Image ? (slots[pair], query[pair]) : (query[pair], slots[pair]);
                if (chosen[image] >= 0)
                {
                    Pairs.Near(alone[chosen[image]][caption], found[pair], 1e-6f, $"round {round}, image {image} of {batch[image].Length / Width} regions, caption {caption}");
                }
            }
        }
    }

    [Fact]
    public void The_embedding_of_an_image_does_not_depend_on_its_batch()
    {
        var regions = Regions(Counts, 5);
        using var together = Model.ImageEncoder.Encode(regions, Counts, Token);
        var first = 0;
        for (var image = 0; image < Counts.Length; image++)
        {
            using var alone = Model.ImageEncoder.Encode(regions.AsMemory(first * Width, Counts[image] * Width), [Counts[image]], Token);
            Assert.All(alone.Embedding(0).ToArray().Zip(together.Embedding(image).ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
            first += Counts[image];
        }
    }

    [Theory]
    [InlineData(9)]
    [InlineData(101)]
    public void An_image_with_too_few_or_too_many_regions_is_refused_by_its_row(int count)
    {
        var error = Assert.Throws<InvalidInputException>(() => Model.ImageEncoder.Encode(new float[(10 + count) * Width], [10, count], Token));

        Assert.Equal(1, error.Row);
        Assert.Equal("regions", error.Field);
        Assert.Contains($"has {count} regions; expected 10 to 100", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_of_regions_that_do_not_add_up_to_the_values_are_refused()
    {
        var error = Assert.Throws<InvalidInputException>(() => Model.ImageEncoder.Encode(new float[21 * Width], [10, 12], Token));

        Assert.Contains($"got {21 * Width} values; expected 22 regions × {Width} values", error.Reason, StringComparison.Ordinal);
    }

    private static float[] ScoresAlone(float[] image, RecordTable captions, RecordSide side)
    {
        using var alone = Model.ImageEncoder.Encode(image, [image.Length / Width], Token);
        var (bank, queries) = side == RecordSide.Image ? (alone.Records, captions) : (captions, alone.Records);
        var scores = Model.Scorer(side).ScoreAlone(bank, queries);
        return [.. scores.Cast<float>()];
    }

    private static float[] Regions(int[] counts, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, counts.Sum() * Width).Select(_ => random.NextSingle())];
    }

    private static float[][] Recorded(NpzFile file)
    {
        var padded = file.Read("regions");
        var (values, size) = (padded.ToSingles(), (int)padded.Shape[1] * Width);
        return [.. file.Read("region_counts").ToInt64s().Select((count, i) => values.AsSpan(i * size, (int)count * Width).ToArray())];
    }

    private static long[][] Captions(NpzFile file)
    {
        var padded = file.Read("token_ids");
        var (ids, positions) = (padded.ToInt64s(), (int)padded.Shape[1]);
        return [.. file.Read("lengths").ToInt64s().Select((length, i) => ids.AsSpan(i * positions, (int)length).ToArray())];
    }
}
