using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests;

public sealed class RecordTableTests
{
    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void Records_over_mapped_memory_score_bit_for_bit_as_those_of_the_encoder(string bundle)
    {
        var model = Bundles.Model(bundle);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 5, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 8, 2), TestContext.Current.CancellationToken);
        using var mappedImages = new MappedCopy(images.Records);
        using var mappedCaptions = new MappedCopy(captions.Records);
        long[] image = [.. Enumerable.Range(0, 40).Select(i => i % 5)];
        long[] caption = [.. Enumerable.Range(0, 40).Select(i => i / 5)];

        Assert.Equal(
            model.TextToImage.Score(images.Records, captions.Records, image, caption),
            model.TextToImage.Score(mappedImages.Table, mappedCaptions.Table, image, caption));
        Assert.Equal(
            model.ImageToText.Score(captions.Records, images.Records, caption, image),
            model.ImageToText.Score(mappedCaptions.Table, mappedImages.Table, caption, image));
    }

    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void A_row_of_a_table_is_a_query_like_the_one_it_views(string bundle)
    {
        var model = Bundles.Model(bundle);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 5, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 8, 2), TestContext.Current.CancellationToken);
        using var apart = new MappedCopy(captions.Records, 0xFF, gap: 3);
        for (var i = 0; i < 5; i++)
        {
            using var row = images.Records.Row(i);
            Assert.Equal(
                model.ImageToText.Score(captions.Records, images.Records, [0, 3, 7], [i, i, i]),
                model.ImageToText.Score(captions.Records, row, [0, 3, 7], [0, 0, 0]), (a, b) => Math.Abs(a - b) <= Bundles.Tolerance(bundle));
        }

        for (var i = 0; i < 8; i++)
        {
            using var row = captions.Records.Row(i);
            using var rowOfRow = row.Row(0);
            using var rowApart = apart.Table.Row(i);
            var whole = model.TextToImage.Score(images.Records, captions.Records, [0, 2, 4], [i, i, i]);
            Assert.All(new[] { row, rowOfRow, rowApart }, view => Assert.Equal(
                whole, model.TextToImage.Score(images.Records, view, [0, 2, 4], [0, 0, 0]), (a, b) => Math.Abs(a - b) <= Bundles.Tolerance(bundle)));
            Assert.Equal(captions.Records.Lengths.IsEmpty ? [] : captions.Records.Lengths.Slice(i, 1), row.Lengths);
        }
    }

    [Fact]
    public void A_row_outside_the_table_is_refused()
    {
        var model = Bundles.Model(Bundles.Fast);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), TestContext.Current.CancellationToken);

        Assert.Throws<ArgumentOutOfRangeException>(() => images.Records.Row(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => images.Records.Row(2));
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(0, -1)]
    [InlineData(0, 11)]
    [InlineData(9, 2)]
    [InlineData(long.MaxValue, 2)]
    [InlineData(2, long.MaxValue)]
    public unsafe void An_item_that_is_said_to_own_rows_that_are_not_there_is_refused(long offset, long length)
    {
        var words = new FieldSpec("w", ElementType.Float32, [4], Ragged: true);
        using var rows = new NativeMemoryBlock(new byte[10 * words.RowBytes]);
        using var extent = new NativeMemoryBlock(MemoryMarshal.AsBytes<long>([offset, length]));
        using var table = RecordTable.Over(RecordSide.Caption, new MappedRecords(1, [(words, rows.Address, 10)], extent.Address, extent.Address + sizeof(long)));

        Assert.Throws<InvalidDataException>(() => table.Row(0));
    }

    [Theory]
    [InlineData(Bundles.Fast, RecordSide.Image)]
    [InlineData(Bundles.Fast, RecordSide.Caption)]
    [InlineData(Bundles.Half, RecordSide.Image)]
    [InlineData(Bundles.Half, RecordSide.Caption)]
    public void A_score_that_is_no_number_is_a_fault_that_names_the_pair(string bundle, RecordSide bank)
    {
        var model = Bundles.Model(bundle, pairsPerCall: 2);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 4, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 4, 2), TestContext.Current.CancellationToken);
        var banked = bank == RecordSide.Image ? images.Records : captions.Records;
        var queries = bank == RecordSide.Image ? captions.Records : images.Records;
        Overflow(images.Records, item: 3);
        long[] slots = bank == RecordSide.Image ? [0, 1, 2, 3, 0] : [0, 1, 2, 1, 0];
        long[] query = bank == RecordSide.Image ? [0, 1, 2, 1, 0] : [0, 1, 2, 3, 0];

        var error = Assert.Throws<InferenceException>(() => model.Scorer(bank).Score(banked, queries, slots, query));

        Assert.Contains($"slot {slots[3]} and query {query[3]}", error.Message, StringComparison.Ordinal);
        Assert.All(model.Scorer(bank).Score(banked, queries, [0, 1, 2], [0, 1, 2]), score => Assert.True(float.IsFinite(score)));
    }

    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void Empty_tables_and_no_pairs_are_fine(string bundle)
    {
        var model = Bundles.Model(bundle);
        using var noImages = Empty(RecordSide.Image, model.Manifest.ImageFields);
        using var noCaptions = Empty(RecordSide.Caption, model.Manifest.CaptionFields);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 2, 1), TestContext.Current.CancellationToken);

        Assert.Empty(model.TextToImage.Score(noImages, noCaptions, [], []));
        Assert.Empty(model.ImageToText.Score(noCaptions, images.Records, [], []));
        Assert.Throws<ArgumentException>(() => model.ImageToText.Score(noCaptions, images.Records, [0], [0]));
        Assert.True(noCaptions.Lengths.IsEmpty);
        Assert.True(noImages.Bytes(noImages.Fields[0]).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => noImages.Row(0));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(3, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 4)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(long.MinValue, 0)]
    [InlineData(0, long.MaxValue)]
    public void A_slot_or_a_query_outside_its_table_is_refused_before_the_runtime_sees_it(long slot, long query)
    {
        var model = Bundles.Model(Bundles.Fast);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 3, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 4, 2), TestContext.Current.CancellationToken);

        var error = Assert.Throws<ArgumentException>(() => model.TextToImage.Score(images.Records, captions.Records, [0, slot], [0, query]));

        Assert.Contains("pair 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_of_the_wrong_side_and_lists_of_different_lengths_are_refused()
    {
        var model = Bundles.Model(Bundles.Fast);
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 3, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 4, 2), TestContext.Current.CancellationToken);

        Assert.Throws<ArgumentException>(() => model.TextToImage.Score(captions.Records, images.Records, [0], [0]));
        Assert.Throws<ArgumentException>(() => model.TextToImage.Score(images.Records, images.Records, [0], [0]));
        Assert.Throws<ArgumentException>(() => model.TextToImage.Score(images.Records, captions.Records, [0, 1], [0]));
        Assert.Throws<ArgumentException>(() => model.TextToImage.ScorePairs(images.Records, captions.Records, [0], [0], new float[2], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_disposed_table_is_refused()
    {
        var model = Bundles.Model(Bundles.Fast);
        var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 3, 1), TestContext.Current.CancellationToken);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 4, 2), TestContext.Current.CancellationToken);
        images.Dispose();

        Assert.Throws<ObjectDisposedException>(() => model.TextToImage.Score(images.Records, captions.Records, [0], [0]));
        Assert.Throws<ObjectDisposedException>(() => images.Records.Row(0));
        Assert.Throws<ObjectDisposedException>(() => images.Records.Bytes(images.Records.Fields[0]));
    }

    [Theory]
    [InlineData(Bundles.Fast, 1_000_000)]
    [InlineData(Bundles.Half, 2_000_000)] // More than 2³¹ elements a field.
    public unsafe void A_bank_beyond_2_GiB_is_addressed_rightly(string bundle, long rows)
    {
        // Sparse files: rows nobody wrote read as zeros and take no room on the disk.
        var model = Bundles.Model(bundle);
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 3, 1), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 4, 2), token);
        var rowBytes = images.Records.Fields[0].RowBytes;
        long[] slots = [0, (1L << 31) / rowBytes, ((1L << 32) / rowBytes) + 3, rows - 1];
        var maps = new List<IDisposable>();
        try
        {
            var fields = images.Records.Fields.Select(field =>
            {
                var path = Path.GetTempFileName();
                var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
                stream.SetLength(rows * field.RowBytes);
                var map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
                var view = map.CreateViewAccessor();
                maps.AddRange([view, map]);
                var address = (nint)view.SafeMemoryMappedViewHandle.DangerousGetHandle();
                foreach (var slot in slots)
                {
                    images.Records.Bytes(field).Slice(field.RowBytes, field.RowBytes).CopyTo(new Span<byte>((byte*)address + (slot * field.RowBytes), field.RowBytes));
                }

                return (field, address, rows);
            }).ToList<(FieldSpec, nint, long)>();
            Assert.Contains(fields, field => field.Item1.RowBytes * rows > 1L << 32);
            using var opened = FeatureBank.Open(model, RecordSide.Image, new MappedRecords(rows, fields, 0, 0), cancellationToken: token);
            Assert.Equal(fields.Sum(field => field.Item1.RowBytes * rows), opened.Bytes);
            var bank = opened.Records;

            var expected = model.TextToImage.Score(images.Records, captions.Records, [1, 1, 1, 1], [0, 1, 2, 3]);
            Assert.All(slots, slot =>
            {
                Assert.Equal(expected, model.TextToImage.Score(bank, captions.Records, [slot, slot, slot, slot], [0, 1, 2, 3]));
                using var row = bank.Row(slot);
                Assert.Equal(
                    model.ImageToText.Score(captions.Records, images.Records, [0, 1, 2, 3], [1, 1, 1, 1]),
                    model.ImageToText.Score(captions.Records, row, [0, 1, 2, 3], [0, 0, 0, 0]), (a, b) => Math.Abs(a - b) <= Bundles.Tolerance(bundle));
            });
        }
        finally
        {
            maps.ForEach(map => map.Dispose());
        }
    }

    /// <summary>Makes all numbers of one item of a table the largest there are, in its own memory.</summary>
    private static void Overflow(RecordTable table, int item)
    {
        foreach (var field in table.Fields.Where(field => !field.Ragged))
        {
            var row = MemoryMarshal.AsMemory(table.Memory(field)).Span.Slice(item * field.RowBytes, field.RowBytes);
            if (field.Type == ElementType.Float32)
            {
                MemoryMarshal.Cast<byte, float>(row).Fill(float.MaxValue);
            }
            else
            {
                // The largest half alone overflows nothing: it is computed with as float32.
                MemoryMarshal.Cast<byte, Half>(row).Fill(Half.PositiveInfinity);
            }
        }
    }

    private static RecordTable Empty(RecordSide side, IReadOnlyList<FieldSpec> fields) =>
        RecordTable.Over(side, new MappedRecords(0, [.. fields.Select(field => (field, (nint)0, 0L))], 0, 0));
}
