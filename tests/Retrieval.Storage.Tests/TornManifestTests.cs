using Retrieval.Storage.CrashHost;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Storage.Tests;

[Trait("Promise", "15")]
public sealed class TornManifestTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_manifest_cut_anywhere_opens_the_generation_before_it()
    {
        await CommitAsync("a", "b");
        var whole = await File.ReadAllBytesAsync(_folder.Manifest, TestContext.Current.CancellationToken);
        for (var length = 0; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(_folder.Manifest, whole[..length], TestContext.Current.CancellationToken);
            OpensPrevious();
        }
    }

    [Fact]
    public async Task A_manifest_with_any_byte_flipped_opens_the_generation_before_it()
    {
        await CommitAsync("a", "b");
        var whole = await File.ReadAllBytesAsync(_folder.Manifest, TestContext.Current.CancellationToken);
        var random = new Random(5);
        for (var at = 0; at < whole.Length; at++)
        {
            var flipped = (byte[])whole.Clone();
            flipped[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(_folder.Manifest, flipped, TestContext.Current.CancellationToken);
            OpensPrevious();
        }
    }

    [Fact]
    public async Task A_missing_manifest_opens_the_generation_before_it()
    {
        await CommitAsync("a", "b");
        File.Delete(_folder.Manifest);
        OpensPrevious();
    }

    [Fact]
    public async Task Two_torn_manifests_are_reported_and_nothing_is_made_in_their_place()
    {
        await CommitAsync("a", "b");
        await File.WriteAllTextAsync(_folder.Manifest, "{", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder.PreviousManifest, "", TestContext.Current.CancellationToken);

        var error = Assert.Throws<IndexCorruptException>(() => LocalIndex.Open(_folder.Index));
        Assert.Contains("manifest.json", error.Message, StringComparison.Ordinal);
        Assert.Contains("manifest.previous.json", error.Message, StringComparison.Ordinal);
        Assert.Throws<IndexCorruptException>(Writer);
        Assert.Null(LocalIndex.TryReadGeneration(_folder.Index));
    }

    [Fact]
    public async Task Data_without_any_manifest_is_reported_and_kept()
    {
        await CommitAsync("a");
        File.Delete(_folder.Manifest);
        File.Delete(_folder.PreviousManifest);

        Assert.Throws<IndexCorruptException>(Writer);

        Assert.True(new FileInfo(_folder.Data("images/embedding.f32")).Length > 0);
    }

    [Fact]
    public async Task A_writer_goes_on_from_the_generation_before_a_torn_one_without_disturbing_its_readers()
    {
        await CommitAsync("a", "b");
        using var reader = LocalIndex.Open(_folder.Index);
        await File.WriteAllTextAsync(_folder.Manifest, "torn", TestContext.Current.CancellationToken);

        using (var writer = Writer())
        {
            // The torn generation was 3; a number seen once never names something else.
            Assert.Equal(4, writer.Generation);
            Assert.True(writer.OpenedPrevious);
            Assert.Null(writer.Find("b"));
            writer.Append(SampleCorpus.Batch("c"));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        IndexAssert.Holds(reader, new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 });
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, new Dictionary<string, int> { ["a"] = 0, ["c"] = 0 });
        Assert.True(index.Verify(TestContext.Current.CancellationToken).Ok);
    }

    [Fact]
    public async Task A_manifest_of_a_later_format_is_refused_and_not_taken_for_torn()
    {
        await CommitAsync("a", "b");
        using (var index = LocalIndex.Open(_folder.Index))
        {
            Local.Manifest.ManifestFile.Replace(_folder.Index, index.Manifest with { Format = "retrieval-index/2" }, keepPrevious: true);
        }

        var error = Assert.Throws<IndexMismatchException>(() => LocalIndex.Open(_folder.Index));
        Assert.Equal("retrieval-index/2", error.Found);
        Assert.Throws<IndexMismatchException>(Writer);
    }

    [Fact]
    public async Task The_manifest_does_not_grow_with_rows_commits_or_tombstones()
    {
        await CommitAsync("a");
        var before = new FileInfo(_folder.Manifest).Length;
        using (var writer = Writer())
        {
            for (var i = 0; i < 60; i++)
            {
                writer.Append(SampleCorpus.Batch("a", i));
                await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
            }
        }

        // A few digits more.
        Assert.InRange(new FileInfo(_folder.Manifest).Length, before, before + 64);
    }

    private async Task CommitAsync(params string[] ids)
    {
        using var writer = Writer();
        foreach (var id in ids)
        {
            writer.Append(SampleCorpus.Batch(id));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }
    }

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);

    private void OpensPrevious()
    {
        using var index = LocalIndex.Open(_folder.Index);
        Assert.True(index.OpenedPrevious);
        Assert.Equal(2, index.Generation);
        Assert.True(index.TryGetImageSlot("a", out _));
        Assert.False(index.TryGetImageSlot("b", out _));
    }
}
