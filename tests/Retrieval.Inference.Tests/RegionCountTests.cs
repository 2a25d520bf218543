using Retrieval.Domain.Errors;
using Retrieval.Inference.Verification;

namespace Retrieval.Inference.Tests;

/// <summary>A bundle whose images have 10 to 100 regions. Loading it has compared it with PyTorch, which took every image alone.</summary>
public sealed class RegionCountTests
{
    private const int Width = 8;
    private static readonly int[] Counts = [10, 100, 37, 11];
    private static readonly long[][] Captions = [[1, 5, 2], [1, 6, 7, 8, 9, 2]];

    private static MatchingModel Model => Bundles.Model(Bundles.AnyRegions);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Records_have_as_many_rows_as_their_image_has_regions()
    {
        using var images = Model.ImageEncoder.Encode(Regions(), Counts, Token);

        Assert.Equal(Counts.Select(count => (long)count), images.Records.Lengths.ToArray());
        Assert.All(images.Records.Fields, field => Assert.Equal(Counts.Sum() * field.RowBytes, images.Records.Bytes(field).Length));
    }

    [Fact]
    public void An_image_scores_the_same_alone_and_among_images_of_other_numbers_of_regions()
    {
        var regions = Regions();
        using var together = Model.ImageEncoder.Encode(regions, Counts, Token);
        using var captions = Model.TextEncoder.Encode(Captions, Token);
        var (first, row) = (0, 0);
        foreach (var scorer in new[] { Model.TextToImage, Model.ImageToText })
        {
            var expected = ParityCheck.ScoreMatrix(scorer, together.Records, captions.Records);
            (first, row) = (0, 0);
            foreach (var count in Counts)
            {
                using var alone = Model.ImageEncoder.Encode(regions.AsMemory(first, count * Width), [count], Token);
                var scores = ParityCheck.ScoreMatrix(scorer, alone.Records, captions.Records);
                Assert.All(scores.Zip(expected.Skip(row * Captions.Length)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
                (first, row) = (first + (count * Width), row + 1);
            }
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

        Assert.Contains("expected 22 regions × 8 values", error.Reason, StringComparison.Ordinal);
    }

    private static float[] Regions()
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Counts.Sum() * Width).Select(_ => random.NextSingle())];
    }
}
