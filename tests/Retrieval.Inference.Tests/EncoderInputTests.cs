using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Tests;

public sealed class EncoderInputTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((36 * 64) - 1)]
    [InlineData((36 * 64) + 1)]
    [InlineData(36 * 63)]
    public void Features_that_are_no_whole_number_of_images_are_refused(int values)
    {
        var error = Assert.Throws<InvalidInputException>(() => Bundles.Model(Bundles.Fast).ImageEncoder.Encode(new float[values], TestContext.Current.CancellationToken));

        Assert.Equal("regions", error.Field);
        Assert.Contains("36 regions × 64", error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(60)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Token_ids_outside_the_vocabulary_are_refused(long id)
    {
        var error = Assert.Throws<InvalidInputException>(() => Bundles.Model(Bundles.Fast).TextEncoder.Encode([[1, 2], [1, id, 2]], TestContext.Current.CancellationToken));

        Assert.Equal(1, error.Row);
        Assert.Contains($"{id}", error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(51)]
    [InlineData(10_000)]
    public void Captions_without_tokens_or_with_too_many_are_refused(int tokens)
    {
        var error = Assert.Throws<InvalidInputException>(() => Bundles.Model(Bundles.Fast).TextEncoder.Encode([[1, 2], new long[tokens]], TestContext.Current.CancellationToken));

        Assert.Equal(1, error.Row);
        Assert.Contains($"{tokens} tokens; expected 1 to 50", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void No_captions_at_all_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Bundles.Model(Bundles.Fast).TextEncoder.Encode([], TestContext.Current.CancellationToken));

    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void Features_too_large_for_the_model_are_noticed_in_the_items_they_spoil(string bundle)
    {
        var model = Bundles.Model(bundle);
        var size = model.Manifest.RegionCount * model.Manifest.RegionWidth;
        foreach (var value in new[] { 1e38f, float.MaxValue, float.NaN, float.PositiveInfinity })
        {
            var regions = Samples.Regions(model.Manifest, 6, 1);
            regions.AsSpan(size, size).Fill(value);
            if (!float.IsFinite(value))
            {
                // One value is enough. A single finite one may be normalised away, as it is by the model in PyTorch.
                regions[(4 * size) + 77] = value;
            }

            using var batch = model.ImageEncoder.Encode(regions, TestContext.Current.CancellationToken);
            Assert.Equal(float.IsFinite(value) ? [1] : [1, 4], batch.NonFinite());
        }
    }

    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void Sound_inputs_give_finite_records(string bundle)
    {
        var model = Bundles.Model(bundle);
        using var images = model.ImageEncoder.Encode(new float[3 * model.Manifest.RegionCount * model.Manifest.RegionWidth], TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 9, 3), TestContext.Current.CancellationToken);

        Assert.Empty(images.NonFinite());
        Assert.Empty(captions.NonFinite());
        Assert.Equal(9, captions.Count);
        Assert.Equal(9 * model.Manifest.EmbeddingWidth, captions.Embeddings.Length);
    }
}
