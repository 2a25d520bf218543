using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests;

/// <summary>A bundle whose caption fields are all fixed has neither offset nor length, in its graphs or in its tables.</summary>
public sealed class FixedCaptionRecordTests
{
    [Fact]
    public void Records_of_one_vector_a_caption_have_no_offset_and_no_length()
    {
        var model = Bundles.Model(Bundles.Vectors);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 5, 2), TestContext.Current.CancellationToken);
        using var all = RecordTable.Concat([captions.Records, captions.Records]);
        using var one = all.Row(7);

        Assert.All(model.Manifest.CaptionFields, field => Assert.False(field.Ragged));
        Assert.All(new[] { captions.Records, all, one }, table => Assert.Equal(["caption.w"], table.Tensors.Keys));
        Assert.Equal((10L, 1L), (all.Count, one.Count));
        Assert.Empty(captions.NonFinite());
    }

    [Theory]
    [InlineData(RecordSide.Image)]
    [InlineData(RecordSide.Caption)]
    public void The_score_is_the_cosine_of_the_two_vectors(RecordSide bank)
    {
        var model = Bundles.Model(Bundles.Vectors);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 4, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 6, 2), TestContext.Current.CancellationToken);
        var (banked, queries) = bank == RecordSide.Image ? (images, captions) : (captions, images);

        var scores = model.Scorer(bank).ScoreAlone(banked.Records, queries.Records);

        for (var slot = 0; slot < banked.Count; slot++)
        {
            for (var query = 0; query < queries.Count; query++)
            {
                // The embeddings are the vectors themselves.
                var cosine = banked.Embedding(slot).ToArray().Zip(queries.Embedding(query).ToArray()).Sum(pair => pair.First * pair.Second);
                Pairs.Near(cosine, scores[slot, query], 1e-5f, $"slot {slot}, query {query}");
            }
        }
    }
}
