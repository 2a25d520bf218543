using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local;

/// <summary>Format 1 kept the position of a replica's copy among the progress of ingestions. It is read as what it says.</summary>
public sealed class IndexFormatTests : IDisposable
{
    private static readonly Guid Catalog = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");
    private static readonly Guid Token = Guid.Parse("7c9e6679-7425-40de-944b-e07fc1f90ae7");
    private static readonly SourceCheckpoint Other = new("catalog:of a museum/2", "a;b;c", 3, 3, 0, 0, 0, true);

    private readonly IndexFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("12;34;7c9e6679-7425-40de-944b-e07fc1f90ae7", true)]
    [InlineData("12;0;", false)]
    public async Task The_position_of_a_copy_of_format_1_is_read_and_the_next_commit_writes_format_2(string stamp, bool complete)
    {
        await FirstFormatAsync(new SourceCheckpoint($"catalog:{Catalog:D}/7", stamp, 30, 0, 0, 0, 0, complete), Other);
        var expected = complete ? new FollowPosition(Catalog, 7, 30, 12, true, 34, Token) : new FollowPosition(Catalog, 7, 30, 12, false, 0, null);

        using (var index = LocalIndex.Open(_folder.Index))
        {
            Assert.Equal((expected, Other), (index.Follow, Assert.Single(index.Ledger)));
            Assert.Empty(index.Verify(Cancellation).Faults);
        }

        var next = expected with { Epoch = 31, Complete = true };
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema))
        {
            Assert.Equal((expected, Other), (writer.Follow, Assert.Single(writer.Ledger.Values)));
            var generation = writer.Generation;
            Assert.Equal(generation, await writer.CommitAsync(expected, Cancellation));
            Assert.Equal(generation + 1, await writer.CommitAsync(next, Cancellation));
            writer.Append(SampleCorpus.Batch("more"));
            await writer.CommitAsync(cancellation: Cancellation);
            await writer.CompactAsync(Cancellation);
        }

        using var now = LocalIndex.Open(_folder.Index);
        Assert.Equal((next, Other), (now.Follow, Assert.Single(now.Ledger)));
        Assert.Contains("\"format\": \"retrieval-index/2\"", await File.ReadAllTextAsync(_folder.Manifest, Cancellation), StringComparison.Ordinal);
        Assert.Empty(now.Verify(Cancellation).Faults);
    }

    [Fact]
    public async Task An_index_of_format_1_that_is_no_copy_follows_nothing()
    {
        await FirstFormatAsync(Other);

        using var index = LocalIndex.Open(_folder.Index);
        Assert.Equal((null, Other), (index.Follow, Assert.Single(index.Ledger)));
    }

    private async Task FirstFormatAsync(params SourceCheckpoint[] ledger)
    {
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema))
        {
            writer.Append(SampleCorpus.Batch([("a", 0), ("b", 0)]));
            await writer.CommitAsync(cancellation: Cancellation);
        }

        IndexManifest manifest;
        using (var index = LocalIndex.Open(_folder.Index))
        {
            manifest = index.Manifest with { Format = "retrieval-index/1", Ledger = ledger };
        }

        ManifestFile.Replace(_folder.Index, manifest);
        DataOrigin.Of(manifest).Write(manifest.Folder(_folder.Index));
        Assert.Contains("\"format\": \"retrieval-index/1\"", await File.ReadAllTextAsync(_folder.Manifest, Cancellation), StringComparison.Ordinal);
    }
}
