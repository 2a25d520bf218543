using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Manifest;

/// <summary>What a manifest says of its format and how long it is.</summary>
[Trait("Promise", "15")]
public sealed class ManifestTests : WrittenIndexTests
{
    [Fact]
    public async Task A_manifest_of_a_later_format_is_refused_and_not_taken_for_torn()
    {
        await FillAsync("later");
        using (var index = LocalIndex.Open(Folder.Index))
        {
            ManifestFile.Replace(Folder.Index, index.Manifest with { Format = "retrieval-index/9" });
        }

        var error = Assert.Throws<IndexMismatchException>(() => LocalIndex.Open(Folder.Index));
        Assert.Equal("retrieval-index/9", error.Found);
        Assert.Throws<IndexMismatchException>(Writer);
    }

    [Fact]
    public async Task The_manifest_does_not_grow_with_rows_commits_or_tombstones()
    {
        await CommitAsync("a");
        var before = new FileInfo(Folder.Manifest).Length;
        using (var writer = Writer())
        {
            for (var i = 0; i < 60; i++)
            {
                writer.Append(SampleCorpus.Batch("a", i));
                await writer.CommitAsync(cancellation: Cancellation);
            }
        }

        // A few digits more.
        Assert.InRange(new FileInfo(Folder.Manifest).Length, before, before + 64);
    }
}
