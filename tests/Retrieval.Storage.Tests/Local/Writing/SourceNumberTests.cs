using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Writing;

public sealed class SourceNumberTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_source_that_wrote_an_image_last_is_known_before_and_after_a_commit_a_reopening_and_a_compaction()
    {
        using (var writer = Writer())
        {
            Append(writer, "one", "a", "b", "c");
            Append(writer, "two", "d");
            Append(writer, null, "e");
            Append(writer, "two", "b");
            writer.Delete("a");
            Sources(writer);
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
            Sources(writer);
        }

        using (var writer = Writer())
        {
            Sources(writer);
            await writer.CompactAsync(TestContext.Current.CancellationToken);
            Sources(writer);
            Append(writer, "three", "f");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using var last = Writer();
        Sources(last);
        Assert.Equal("three", last.Find("f")!.Value.SourceKey);
    }

    [Fact]
    public async Task A_source_that_was_not_committed_leaves_no_number_behind()
    {
        using (var writer = Writer())
        {
            Append(writer, "kept", "a");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
            Append(writer, "dropped", "b");
        }

        using (var writer = Writer())
        {
            Append(writer, "later", "c");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using var index = LocalIndex.Open(_folder.Index);
        Assert.Equal(["kept", "later"], index.Manifest.Sources);
    }

    [Fact]
    public async Task The_source_is_no_part_of_the_content()
    {
        using var other = new IndexFolder();
        foreach (var (path, source) in new[] { (_folder.Index, "one"), (other.Index, "two") })
        {
            using var writer = LocalIndexWriter.OpenOrCreate(path, SampleCorpus.Schema);
            Append(writer, source, "a", "b");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        using var one = LocalIndex.Open(_folder.Index);
        using var two = LocalIndex.Open(other.Index);
        Assert.Equal(one.ContentHash(TestContext.Current.CancellationToken), two.ContentHash(TestContext.Current.CancellationToken));
        Assert.NotEqual(one.Checksum, two.Checksum);
        Assert.Equal(one.Checksum, LocalIndex.ReadChecksum(_folder.Index));
    }

    [Fact]
    public async Task A_number_no_source_has_is_reported()
    {
        using (var writer = Writer())
        {
            Append(writer, "one", "a");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        await File.WriteAllBytesAsync(_folder.Data("images/source.i32"), BitConverter.GetBytes(2), TestContext.Current.CancellationToken);

        using var damaged = Writer();
        Assert.Equal("images/source.i32", Assert.Throws<IndexCorruptException>(() => damaged.Find("a")).File);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public async Task Metadata_whose_place_is_damaged_are_none_and_the_image_can_be_replaced(long end)
    {
        using (var writer = Writer())
        {
            Append(writer, "one", "a");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        await File.WriteAllBytesAsync(_folder.Data("images/metadata.end.i64"), BitConverter.GetBytes(end), TestContext.Current.CancellationToken);

        using var damaged = Writer();
        Assert.True(damaged.Find("a")!.Value.Metadata.IsEmpty);
        Assert.Equal(1, damaged.Append(SampleCorpus.Batch([("a", 2)])).Replaced);
    }

    [Fact]
    public async Task A_check_finds_images_of_a_source_the_manifest_does_not_name()
    {
        using (var writer = Writer())
        {
            Append(writer, "one", "a", "b");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        ManifestFile.Replace(_folder.Index, ManifestFile.Read(_folder.Index)!.Manifest with { Sources = [] });

        using var index = LocalIndex.Open(_folder.Index);
        var faults = index.Verify(TestContext.Current.CancellationToken).Faults;
        Assert.Equal([("images/source.i32", 0L), ("images/source.i32", 1L)], faults.Select(fault => (fault.File, fault.FirstRow)));
    }

    private static void Sources(LocalIndexWriter writer)
    {
        Assert.Null(writer.Find("a"));
        Assert.Equal(
            ["two", "one", "two", null],
            new[] { "b", "c", "d", "e" }.Select(id => writer.Find(id)!.Value.SourceKey));
    }

    private static void Append(LocalIndexWriter writer, string? source, params string[] ids)
    {
        var batch = SampleCorpus.Batch(ids.Select(id => (id, 0)));
        writer.Append(new ImageRows { SourceKey = source, Images = batch.Images, ImageFields = batch.ImageFields, CaptionFields = batch.CaptionFields });
    }

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
}
