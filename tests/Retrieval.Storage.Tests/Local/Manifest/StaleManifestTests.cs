using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Storage.Tests.Local.Manifest;

/// <summary>Two files of the manifest of different age: the newer one wins, and an older one is never taken for all there was.</summary>
[Trait("Promise", "15")]
public sealed class StaleManifestTests : WrittenIndexTests
{
    [Fact]
    public async Task A_copy_that_is_older_than_what_was_committed_is_not_opened_in_the_place_of_a_lost_manifest()
    {
        await FillAsync("later");
        var copy = await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation);
        await CommitAsync("new", "newer");
        Put(Folder.Manifest, null);
        Put(Folder.ManifestCopy, copy);

        var error = Assert.Throws<ManifestLostException>(() => LocalIndex.Open(Folder.Index));
        Assert.Contains("2 later commits are sealed", error.Message, StringComparison.Ordinal);
        Assert.Throws<ManifestLostException>(Writer);
    }

    [Fact]
    public async Task A_stale_copy_never_wins_over_a_newer_manifest()
    {
        var expected = await FillAsync("later");
        var copy = await File.ReadAllBytesAsync(Folder.ManifestCopy, Cancellation);
        await CommitAsync("new", "newer");
        (expected["new"], expected["newer"]) = (0, 0);
        var (generation, hash) = Newest();
        Put(Folder.ManifestCopy, copy);

        using (var index = LocalIndex.Open(Folder.Index))
        {
            IndexAssert.Holds(index, expected);
            Assert.Contains("it is of generation", Assert.Single(index.Verify(Cancellation).Faults).Reason, StringComparison.Ordinal);
        }

        Writer().Dispose();
        Assert.Equal((generation, hash), Newest());
        Assert.Empty(Faults());
    }

    [Fact]
    public async Task A_newer_copy_that_does_not_fit_the_data_is_not_opened_and_costs_the_manifest_nothing()
    {
        await FillAsync("first rows");
        var (main, data) = (await File.ReadAllBytesAsync(Folder.Manifest, Cancellation), Path.Combine(Folder.Path, "data"));
        CopyFolder(Folder.Data(""), data);
        await CommitAsync("new", "newer");

        // An older state put back over a newer one, by somebody who knows of one manifest only.
        Directory.Delete(Folder.Data(""), recursive: true);
        CopyFolder(data, Folder.Data(""));
        Put(Folder.Manifest, main);
        var before = Contents();

        Assert.Throws<ManifestLostException>(() => LocalIndex.Open(Folder.Index));
        Assert.Throws<ManifestLostException>(Writer);
        Assert.Equal(before, Contents());
    }
}
