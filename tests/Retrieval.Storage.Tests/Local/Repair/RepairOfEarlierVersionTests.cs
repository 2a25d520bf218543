using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Repair;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Repair;

/// <summary>An index as an earlier version of the program left it, without its manifest.</summary>
[Trait("Promise", "15")]
public sealed class RepairOfEarlierVersionTests : WrittenIndexTests
{
    [Fact]
    public async Task An_index_of_an_earlier_version_comes_back_by_its_former_manifest_or_by_its_bundle()
    {
        var expected = await FillAsync();
        var hash = Newest().Hash;
        var former = await File.ReadAllBytesAsync(Folder.Manifest, Cancellation);
        AsEarlierVersion();
        await File.WriteAllBytesAsync(Folder.FormerManifest, former, Cancellation);
        await LoseAsync("gone");
        Assert.Throws<ManifestLostException>(() => LocalIndex.Open(Folder.Index));

        var byFormer = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);
        Assert.Equal((true, hash), (byFormer.Ok, byFormer.ContentHash));
        IndexAssert.Holds(LocalIndex.Open(Folder.Index), expected);

        await LoseAsync("gone");
        File.Delete(Folder.Data(DataOrigin.FileName));
        var without = LocalIndexRepair.Run(Folder.Index, cancellation: Cancellation);
        Assert.False(without.Ok);
        Assert.Contains(without.Found, line => line.Contains("--bundle", StringComparison.Ordinal));

        var byBundle = LocalIndexRepair.Run(Folder.Index, SampleCorpus.Schema, cancellation: Cancellation);
        Assert.Equal((true, hash), (byBundle.Ok, byBundle.ContentHash));
        using var writer = Writer();
        Assert.Equal("unnamed source 1", writer.Find("e")!.Value.SourceKey);
    }

    // As commit f83b5f1 left it: no copy, no origin, and no number of the commit in the records of seals.
    private void AsEarlierVersion()
    {
        File.Delete(Folder.ManifestCopy);
        File.Delete(Folder.Data(DataOrigin.FileName));
        var bytes = File.ReadAllBytes(Folder.Data(SealLog.FileName));
        for (var record = 0; record < bytes.Length / Seal.Bytes; record++)
        {
            bytes.AsSpan((record * Seal.Bytes) + 4, 4).Clear();
        }

        File.WriteAllBytes(Folder.Data(SealLog.FileName), bytes);
    }
}
