using Retrieval.Domain.Bundles;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local;

public sealed class LocalIndexTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_committed_reads_back_byte_for_byte()
    {
        var images = Enumerable.Range(0, 50).ToDictionary(i => $"image {i}", i => i);
        using (var writer = Writer())
        {
            var result = writer.Append(SampleCorpus.Batch(images.Select(pair => (pair.Key, pair.Value))));
            Assert.Equal(new AppendResult(0, 50, 0), result);
            Assert.Equal(2, await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken));
        }

        using var index = LocalIndex.Open(_folder.Index, SampleCorpus.Schema);
        IndexAssert.Holds(index, images);
        Assert.Equal(SampleCorpus.Schema.Fingerprint, index.Fingerprint);
        Assert.Equal([50, 6], index.Images.Embedding.Shape);
        Assert.Equal([50, 3, 4], index.Images.Field("v").Shape);
        Assert.Equal([index.Captions.Field("c").Rows, 5], index.Captions.Field("w").Shape);
        Assert.Null(index.Images.Extents);
        Assert.True(index.Verify(TestContext.Current.CancellationToken).Ok);
    }

    [Fact]
    public async Task Images_may_be_ragged_and_captions_without_fields()
    {
        var schema = SampleCorpus.Schema with
        {
            EmbeddingWidth = 1,
            ImageFields = [new FieldSpec("r", ElementType.Float32, [2], Ragged: true)],
            CaptionFields = [],
        };
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, schema))
        {
            foreach (var id in new[] { "a", "b", "c" })
            {
                writer.Append(new ImageRows
                {
                    Images = [new ImageEntry(id, new byte[32], ["x"]), new ImageEntry(id + id, new byte[32], [])],
                    ImageFields = new FieldRows
                    {
                        Embedding = RowBytes.Of([1f, 2f]),
                        Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["r"] = RowBytes.Of([id[0], 1f, 2f, 3f, 4f, 5f]) },
                        Lengths = new[] { 1, 2 },
                    },
                    CaptionFields = new FieldRows { Embedding = RowBytes.Of([3f]), Fields = new Dictionary<string, ReadOnlyMemory<byte>>() },
                });
            }

            writer.Delete("b");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
            await writer.CompactAsync(TestContext.Current.CancellationToken);
        }

        using var index = LocalIndex.Open(_folder.Index, schema);
        Assert.True(index.Verify(TestContext.Current.CancellationToken).Ok);
        Assert.Equal(["a", "aa", "bb", "c", "cc"], Enumerable.Range(0, 5).Select(slot => index.GetImageId(slot)));
        Assert.Equal([0L, 1, 3, 5, 6], index.Images.Extents!.Offsets.ToArray());
        Assert.Equal([1L, 2, 2, 1, 2], index.Images.Extents!.Lengths.ToArray());
        Assert.Equal('c', BitConverter.ToSingle(index.Images.Field("r").Row(5)));
        Assert.Equal(8, index.Images.Field("r").Rows);
        Assert.Equal(2, index.Captions.Slots);
        Assert.Equal(3, index.GetCaption(1).ImageSlot);
        Assert.Null(index.Captions.Extents);
    }

    [Fact]
    public void An_index_without_rows_opens_and_is_empty()
    {
        Writer().Dispose();

        using var index = LocalIndex.Open(_folder.Index);

        Assert.Equal(1, index.Generation);
        Assert.Equal(0, index.Images.Slots);
        Assert.NotEqual(0, index.Images.Embedding.Address);
        Assert.False(index.TryGetImageSlot("a", out _));
        Assert.True(index.Verify(TestContext.Current.CancellationToken).Ok);
        Assert.Equal(64, index.ContentHash(TestContext.Current.CancellationToken).Length);
    }

    [Fact]
    public async Task Uncommitted_rows_are_seen_by_no_reader_and_are_gone_after_reopening()
    {
        using (var writer = Writer())
        {
            writer.Append(SampleCorpus.Batch("a"));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
            writer.Append(SampleCorpus.Batch("b"));
            writer.Delete("a");
            Assert.NotNull(writer.Find("b"));
            Assert.Null(writer.Find("a"));
            Reads(("a", 0));
        }

        using (var writer = Writer())
        {
            Assert.Null(writer.Find("b"));
            Assert.Equal(1, writer.Slots);
            Reads(("a", 0));
        }
    }

    [Fact]
    public async Task A_reader_keeps_its_generation_while_the_writer_commits()
    {
        using var writer = Writer();
        writer.Append(SampleCorpus.Batch("a"));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        using var before = LocalIndex.Open(_folder.Index);

        writer.Delete("a");
        writer.Append(SampleCorpus.Batch("b"));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);

        IndexAssert.Holds(before, new Dictionary<string, int> { ["a"] = 0 });
        Assert.Equal(before.Generation + 1, LocalIndex.TryReadGeneration(_folder.Index));
        Reads(("b", 0));
    }

    [Fact]
    public async Task An_update_buries_the_old_row_and_takes_a_new_slot_in_the_same_commit()
    {
        using var writer = Writer();
        writer.Append(SampleCorpus.Batch([("a", 1), ("b", 1)]));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(new AppendResult(2, 1, 1), writer.Append(SampleCorpus.Batch([("a", 2), ("c", 1)])));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);

        using var index = LocalIndex.Open(_folder.Index);
        Assert.False(index.Images.IsLive(0));
        Assert.Equal(4, index.Images.Slots);
        Assert.Equal("a", index.GetImageId(0));
        Reads(("a", 2), ("b", 1), ("c", 1));
    }

    [Fact]
    public async Task An_image_may_be_added_replaced_and_deleted_within_one_commit()
    {
        using var writer = Writer();
        writer.Append(SampleCorpus.Batch("a", 1));
        writer.Append(SampleCorpus.Batch("a", 2));
        writer.Append(SampleCorpus.Batch("b", 1));
        Assert.True(writer.Delete("b"));
        Assert.False(writer.Delete("b"));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);

        Reads(("a", 2));
        Assert.Equal(1, writer.Count);
        Assert.Equal(3, writer.Slots);
    }

    [Fact]
    public async Task The_writer_knows_slot_content_hash_and_metadata_of_committed_and_uncommitted_images()
    {
        using (var writer = Writer())
        {
            writer.Append(SampleCorpus.Batch([("a", 1), ("b", 1)]));
            Assert.Equal(1, writer.Find("b")!.Value.Slot);
            Assert.Equal(SampleCorpus.Image("b", 1).Entry.Metadata.ToArray(), writer.Find("b")!.Value.Metadata.ToArray());
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using (var writer = Writer())
        {
            var found = writer.Find("b")!.Value;
            Assert.Equal(1, found.Slot);
            Assert.Equal(SampleCorpus.Image("b", 1).Entry.ContentHash.ToArray(), found.ContentHash.ToArray());
            Assert.All(["a", "b"], id => Assert.Equal(SampleCorpus.Image(id, 1).Entry.Metadata.ToArray(), writer.Find(id)!.Value.Metadata.ToArray()));
        }
    }

    [Fact]
    public async Task Progress_is_committed_with_the_rows_and_kept_by_source()
    {
        var first = new SourceCheckpoint("one", "stamp", 10, 8, 1, 1, 77, false);
        var second = new SourceCheckpoint("two", "stamp", 3, 3, 0, 0, 0, true);
        using (var writer = Writer())
        {
            Assert.Equal(2, await writer.CommitAsync([first, second], TestContext.Current.CancellationToken));
            Assert.Equal(3, await writer.CommitAsync([first with { NextRow = 20 }], TestContext.Current.CancellationToken));
        }

        using var reopened = Writer();
        Assert.Equal(first with { NextRow = 20 }, reopened.Ledger["one"]);
        Assert.Equal(second, reopened.Ledger["two"]);
        using var index = LocalIndex.Open(_folder.Index);
        Assert.Equal(["one", "two"], index.Ledger.Select(entry => entry.SourceKey));
    }

    [Fact]
    public async Task A_commit_of_nothing_new_makes_no_generation()
    {
        using var writer = Writer();
        var entry = new SourceCheckpoint("one", "stamp", 1, 1, 0, 0, 0, false);
        await writer.CommitAsync([entry], TestContext.Current.CancellationToken);

        Assert.Equal(2, await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(2, await writer.CommitAsync([entry], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_content_hash_does_not_depend_on_the_order_or_the_history_of_rows()
    {
        using var other = new IndexFolder();
        using (var writer = Writer())
        {
            writer.Append(SampleCorpus.Batch([("a", 1), ("b", 2), ("c", 3)]));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using (var writer = LocalIndexWriter.OpenOrCreate(other.Index, SampleCorpus.Schema))
        {
            writer.Append(SampleCorpus.Batch([("c", 3), ("b", 7), ("x", 1)]));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
            writer.Delete("x");
            writer.Append(SampleCorpus.Batch([("b", 2), ("a", 1)]));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        Assert.Equal(Hash(_folder), Hash(other));
        using (var writer = Writer())
        {
            writer.Append(SampleCorpus.Batch("a", 4));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        Assert.NotEqual(Hash(_folder), Hash(other));
    }

    [Fact]
    public void A_second_writer_is_refused_until_the_first_is_disposed()
    {
        using (Writer())
        {
            var error = Assert.Throws<IndexLockedException>(Writer);
            Assert.Contains(_folder.Index, error.Message, StringComparison.Ordinal);
        }

        Writer().Dispose();
    }

    [Fact]
    public void An_index_of_another_bundle_is_refused_and_both_fingerprints_are_named()
    {
        Writer().Dispose();
        var other = SampleCorpus.Schema with { Fingerprint = new string('b', 64) };

        foreach (var error in new[]
        {
            Assert.Throws<IndexMismatchException>(() => LocalIndexWriter.OpenOrCreate(_folder.Index, other)),
            Assert.Throws<IndexMismatchException>(() => LocalIndex.Open(_folder.Index, other)),
        })
        {
            Assert.Contains(other.Fingerprint, error.Message, StringComparison.Ordinal);
            Assert.Contains(SampleCorpus.Schema.Fingerprint, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_index_with_other_fields_is_refused_and_both_lists_are_named()
    {
        Writer().Dispose();
        var other = SampleCorpus.Schema with { CaptionFields = [.. SampleCorpus.Schema.CaptionFields.Skip(1)] };

        var error = Assert.Throws<IndexMismatchException>(() => LocalIndexWriter.OpenOrCreate(_folder.Index, other));

        Assert.Contains("w float16 [rows, 5]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_an_index_is_said_to_have_none()
    {
        Assert.Throws<IndexMissingException>(() => LocalIndex.Open(_folder.Index));
        Assert.Null(LocalIndex.TryReadGeneration(_folder.Index));
    }

    [Fact]
    public void A_slot_that_does_not_exist_and_a_disposed_index_are_refused()
    {
        Writer().Dispose();
        var index = LocalIndex.Open(_folder.Index);
        Assert.Throws<ArgumentOutOfRangeException>(() => index.GetImage(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.GetCaption(-1));
        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.GetImage(0));
        Assert.Throws<ObjectDisposedException>(() => index.TryGetImageSlot("a", out _));
    }

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);

    private void Reads(params (string Id, int Version)[] expected)
    {
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, expected.ToDictionary(pair => pair.Id, pair => pair.Version));
    }

    private static string Hash(IndexFolder folder)
    {
        using var index = LocalIndex.Open(folder.Index);
        return index.ContentHash(TestContext.Current.CancellationToken);
    }
}
