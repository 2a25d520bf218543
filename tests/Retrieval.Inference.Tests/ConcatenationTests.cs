using System.Runtime.InteropServices;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests;

/// <summary>Tables made one: the queries of several requests in one batch.</summary>
public sealed class ConcatenationTests
{
    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void Items_of_all_parts_score_as_they_did_each_in_its_own_table(string bundle)
    {
        var model = Bundles.Model(bundle);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 6, 1), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 9, 2), token);
        using var mappedImages = new MappedCopy(images.Records);
        using var mappedCaptions = new MappedCopy(captions.Records, 0xFF, gap: 7);
        using var lastCaption = mappedCaptions.Table.Row(8);
        using var thirdImage = mappedImages.Table.Row(2);
        using var someCaptions = RecordTable.Concat([lastCaption, captions.Records, mappedCaptions.Table, lastCaption]);
        using var someImages = RecordTable.Concat([images.Records, thirdImage, mappedImages.Table]);
        long[] caption = [8, .. Enumerable.Range(0, 9), .. Enumerable.Range(0, 9), 8];
        long[] image = [.. Enumerable.Range(0, 6), 2, .. Enumerable.Range(0, 6)];
        Assert.Equal(caption.Length, someCaptions.Count);
        Assert.Equal(image.Length, someImages.Count);

        var asBank = model.TextToImage.ScoreAlone(images.Records, captions.Records);
        long[] slots = [.. caption.Select((_, i) => i % 6L)];
        var scores = model.TextToImage.Score(images.Records, someCaptions, slots, [.. Enumerable.Range(0, caption.Length)]);
        Assert.All(scores.Select((score, i) => (score, i)), pair => Pairs.Near(asBank[slots[pair.i], caption[pair.i]], pair.score, Bundles.Tolerance(bundle), $"caption {pair.i}"));

        long[] words = [.. image.Select((_, i) => i % 9L)];
        var mirrored = model.ImageToText.Score(captions.Records, someImages, words, [.. Enumerable.Range(0, image.Length)]);
        Assert.All(mirrored.Select((score, i) => (score, i)), pair => Pairs.Near(asBank[image[pair.i], words[pair.i]], pair.score, Bundles.Tolerance(bundle), $"image {pair.i}"));
    }

    [Fact]
    public void The_bytes_are_those_of_the_parts_in_order_with_nothing_between_and_outlive_them()
    {
        var model = Bundles.Model(Bundles.Fast);
        var captions = model.TextEncoder.Encode(Samples.Captions(model, 5, 3), TestContext.Current.CancellationToken);
        var field = captions.Records.Fields[0];
        var expected = captions.Records.Bytes(field).ToArray();
        long[] lengths = captions.Records.Lengths.ToArray();
        using var apart = new MappedCopy(captions.Records, 0xFF, gap: 2);
        using var both = RecordTable.Concat([apart.Table, captions.Records]);
        captions.Dispose();

        Assert.Equal([.. expected, .. expected], both.Bytes(field).ToArray());
        Assert.Equal([.. lengths, .. lengths], both.Lengths.ToArray());
        using var last = both.Row(9);
        Assert.Equal(lengths[4], last.Lengths[0]);
        Assert.Equal(expected[^(int)(lengths[4] * field.RowBytes)..], last.Bytes(field).ToArray());
    }

    [Fact]
    public void Tables_that_do_not_belong_together_are_refused()
    {
        var model = Bundles.Model(Bundles.Fast);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 2, 2), token);
        using var others = Bundles.Model(Bundles.Half).ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), token);

        Assert.Throws<ArgumentException>(() => RecordTable.Concat([]));
        Assert.Throws<ArgumentException>(() => RecordTable.Concat([images.Records, captions.Records]));
        Assert.Throws<ArgumentException>(() => RecordTable.Concat([images.Records, others.Records]));
    }

    [Fact]
    public void A_part_that_lies_about_its_rows_is_refused()
    {
        var words = new Domain.Bundles.FieldSpec("w", Domain.Bundles.ElementType.Float32, [4], Ragged: true);
        using var rows = new NativeMemoryBlock(new byte[10 * words.RowBytes]);
        using var extent = new NativeMemoryBlock(MemoryMarshal.AsBytes<long>([9, 2]));
        using var table = RecordTable.Over(RecordSide.Caption, new MappedRecords(1, [(words, rows.Address, 10)], extent.Address, extent.Address + sizeof(long)));

        Assert.Throws<InvalidDataException>(() => RecordTable.Concat([table]));
    }
}
