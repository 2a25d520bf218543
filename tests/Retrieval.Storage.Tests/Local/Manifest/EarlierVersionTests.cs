using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Storage.Tests.Local.Manifest;

/// <summary>An index as an earlier version of the program left it: the manifest before, and no copy.</summary>
[Trait("Promise", "15")]
public sealed class EarlierVersionTests : WrittenIndexTests
{
    [Fact]
    public async Task An_index_of_an_earlier_version_opens_and_gets_its_copy_with_the_first_writer()
    {
        var expected = await FillAsync("later");
        var former = await AsEarlierVersionAsync();
        var (generation, hash) = Newest();
        Assert.Empty(Faults());

        Writer().Dispose();
        Assert.Equal((generation, hash), Newest());
        Assert.Equal(await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation));
        Assert.Equal(former, await File.ReadAllBytesAsync(Folder.FormerManifest, Cancellation));

        await CommitAsync("new");
        expected["new"] = 0;
        Assert.False(File.Exists(Folder.FormerManifest));
        using var index = LocalIndex.Open(Folder.Index);
        IndexAssert.Holds(index, expected);
        Assert.Empty(index.Verify(Cancellation).Faults);
    }

    [Fact]
    public async Task An_index_of_an_earlier_version_is_not_taken_back_to_the_generation_before()
    {
        await FillAsync("later");
        await AsEarlierVersionAsync();
        Put(Folder.Manifest, null);
        var before = Contents();

        Assert.Throws<ManifestLostException>(() => LocalIndex.Open(Folder.Index));
        Assert.Throws<ManifestLostException>(Writer);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task What_an_earlier_version_committed_since_the_copy_is_not_given_up()
    {
        await FillAsync("later");
        var (main, copy) = (await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation));
        await CommitAsync("new");
        var (generation, hash) = Newest();
        Put(Folder.ManifestCopy, copy);
        Put(Folder.FormerManifest, main);

        Assert.Equal((generation, hash), Newest());
        Put(Folder.Manifest, null);
        Assert.Contains("earlier version", Assert.Throws<ManifestLostException>(() => LocalIndex.Open(Folder.Index)).Message, StringComparison.Ordinal);
        Assert.Throws<ManifestLostException>(Writer);
    }

    [Fact]
    public async Task The_folder_an_earlier_version_compacted_from_is_removed_with_the_next_commit()
    {
        await FillAsync("later");
        var former = await File.ReadAllBytesAsync(Folder.Manifest, Cancellation);
        using (var writer = Writer())
        {
            await writer.CompactAsync(Cancellation);
        }

        IndexManifest manifest;
        using (var index = LocalIndex.Open(Folder.Index))
        {
            manifest = index.Manifest with { Superseded = null };
        }

        ManifestFile.Replace(Folder.Index, manifest);
        File.Delete(Folder.ManifestCopy);
        Put(Folder.FormerManifest, former);

        await CommitAsync("new");

        Assert.False(Directory.Exists(Folder.Data("")));
        Assert.Empty(Faults());
    }

    // As commit f83b5f1 left it: the manifest before, no copy and no origin.
    private async Task<byte[]> AsEarlierVersionAsync()
    {
        var former = await File.ReadAllBytesAsync(Folder.Manifest, Cancellation);
        await CommitAsync("of the earlier version");
        using (var writer = Writer())
        {
            writer.Delete("of the earlier version");
            await writer.CommitAsync(cancellation: Cancellation);
        }

        File.Delete(Folder.ManifestCopy);
        File.Delete(Folder.Data(DataOrigin.FileName));
        Put(Folder.FormerManifest, former);
        return former;
    }
}
