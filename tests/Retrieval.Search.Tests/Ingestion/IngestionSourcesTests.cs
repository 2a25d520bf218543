using Retrieval.Search.Ingestion;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Tests.Ingestion;
/// <summary>Several sources in one index, and whose an image is.</summary>
public sealed class IngestionSourcesTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_sources_fill_one_index_and_each_has_its_own_progress()
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(12, 1, 2);
        two.Rename("other");
        await Ingest.RunAsync(one.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" });
        await Ingest.RunAsync(two.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "two" });

        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(21, index.Images.Count);
        Assert.Equal([("one", 9L), ("two", 12L)], index.Ledger.Select(entry => (entry.SourceKey, entry.NextRow)));
    }

    [Fact]
    public async Task An_id_that_another_source_holds_is_refused_and_what_it_holds_is_left_alone()
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(12, 1, 2);
        two.Regions[4] = one.Regions[4];
        two.Captions[4] = one.Captions[4];
        await Ingest.RunAsync(one.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" });

        var report = await Ingest.RunAsync(two.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "two" });

        // Nine ids are taken; one of them by the very same image, which harms nobody.
        Assert.Equal((3L, 0L, 1L, 8L), (report.Progress.Ingested, report.Progress.Replaced, report.Progress.Skipped, report.Progress.Rejected));
        Assert.All(report.FirstRejects, reject =>
        {
            Assert.Contains($"id '{reject.Id}' is already held by another source, one", reject.Reason, StringComparison.Ordinal);
            Assert.Contains("told to replace", reject.Reason, StringComparison.Ordinal);
        });
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal((12, 12), (index.Images.Count, index.Images.Slots));
        Assert.All(Enumerable.Range(0, 9), i => Assert.Equal(one.Captions[i][0], IngestionTests.Caption(index, one.Ids[i])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_id_that_another_source_holds_is_taken_over_when_asked_for_and_then_belongs_to_the_new_one(bool compact)
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(12, 1, 2);
        await Ingest.RunAsync(one.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" });
        var taken = await Ingest.RunAsync(two.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "two", Replace = true });
        if (compact)
        {
            await LocalIndexCompactor.CompactAsync(_folder.Index, TestContext.Current.CancellationToken);
        }

        // The first source comes again, changed, and without leave to replace.
        one.Captions[0] = ["something else"];
        var refused = await Assert.ThrowsAsync<SourceRefusedException>(() => Ingest.RunAsync(one.AsSource("2"), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" }));
        var back = refused.Report!;

        Assert.Equal((12L, 9L, 0L), (taken.Progress.Ingested, taken.Progress.Replaced, taken.Progress.Rejected));
        Assert.Equal((0L, 9L), (back.Progress.Ingested, back.Progress.Rejected));
        using var index = Ingest.Open(_folder.Index);
        Assert.All(Enumerable.Range(0, 12), i => Assert.Equal(two.Captions[i][0], IngestionTests.Caption(index, two.Ids[i])));
        Assert.Equal([9L, 0L], index.Ledger.OrderByDescending(entry => entry.SourceKey, StringComparer.Ordinal).Select(entry => entry.Replaced));
    }
}
