using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Search.Tests.Ingestion;

/// <summary>Images that are stored again without metadata that they had: the run says so, in a local index and in a catalog.</summary>
public sealed class LostMetadataTests : CatalogIngestionTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_without_the_file_of_metadata_says_of_which_image_first_and_of_how_many_in_the_end(bool intoCatalog)
    {
        // Of 13 images, the fifth and the tenth have none.
        Corpus.Make(13, 1, 4).Write(Folder.Path);
        var metadata = Path.Combine(Folder.Path, $"{Corpus.Split}_metadata.jsonl");
        var lines = await File.ReadAllTextAsync(metadata, Cancelled);
        Assert.Empty((await RunSplitAsync(intoCatalog)).Progress.Warnings);

        File.Delete(metadata);
        var without = await RunSplitAsync(intoCatalog);

        Assert.Equal((11L, 2L), (without.Progress.Replaced, without.Progress.Skipped));
        Assert.Equal(
            [
                "'img#0000' is stored again without metadata that it had ('indoor', 'place', 'year'), and so may others be: a run without the file of metadata that an earlier run had removes them",
                "11 images lost metadata by being stored again ('indoor', 'place', 'year'); ingested with the file of metadata, the source has them again",
            ],
            without.Progress.Warnings);
        Assert.Equal(intoCatalog ? without.Progress.Warnings : [], await NotedAsync());

        await File.WriteAllTextAsync(metadata, lines, Cancelled);
        var back = await RunSplitAsync(intoCatalog);
        Assert.Equal((11L, 0), (back.Progress.Replaced, back.Progress.Warnings.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_that_an_image_has_no_more_is_lost_and_another_value_or_a_new_key_is_not(bool intoCatalog)
    {
        var corpus = Corpus.Make(3, 1, 4);
        await RunAsync(Source(corpus, "1", ["year", "say \"x\""], ["year"], ["year"]), intoCatalog);

        var run = await RunAsync(Source(corpus, "2", ["year"], ["year"], ["year", "more"]), intoCatalog);

        Assert.Equal(3, run.Progress.Replaced);
        Assert.Equal("1 image lost metadata by being stored again ('say \"x\"'); ingested with the file of metadata, the source has them again", run.Progress.Warnings[1]);
        Assert.Equal(2, run.Progress.Warnings.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_that_another_source_may_not_replace_loses_nothing(bool intoCatalog)
    {
        var corpus = Corpus.Make(3, 1, 4);
        await RunAsync(Source(corpus, "1", ["year"], ["year"], ["year"]), intoCatalog);

        var run = await RunAsync(Source(Corpus.Make(4, 1, 4), "1", [], [], [], []), intoCatalog, key: "other");

        Assert.Equal((1L, 3L, 0), (run.Progress.Ingested, run.Progress.Rejected, run.Progress.Warnings.Count));
    }

    [Fact]
    public async Task A_run_that_is_stopped_says_of_how_many_it_was()
    {
        var corpus = Corpus.Make(12, 1, 4);
        corpus.Write(Folder.Path);
        await RunSplitAsync(intoCatalog: true);
        using var stop = new CancellationTokenSource();
        var started = await new IngestionJob(Bundle.Model, Ingest.Options(4, 8), TimeProvider.System).StartAsync(corpus.AsSource("2"), await TargetAsync(true), Cancelled);
        await using (started)
        {
            await Assert.ThrowsAsync<IngestionStoppedException>(() => started.RunAsync(new Watch(_ => stop.Cancel()), stop.Token, Cancelled));
        }

        Assert.StartsWith("4 images lost metadata", started.Findings.Warnings[1], StringComparison.Ordinal);
        Assert.Equal(started.Findings.Warnings, await NotedAsync());
    }

    // The stamp is also the value of all metadata: those of another stamp are others.
    private static ListSource Source(Corpus corpus, string stamp, params string[][] names) => new(
        [.. corpus.AsSource().ReadFrom(0).Cast<ImageSample>().Select((sample, row) => sample with { Metadata = names[row].ToDictionary(name => name, _ => MetadataValue.Of(stamp)) })],
        stamp);

    private async Task<IngestionReport> RunSplitAsync(bool intoCatalog)
    {
        using var source = Corpus.Open(Folder.Path);
        return await RunAsync(source, intoCatalog);
    }

    private async Task<IngestionReport> RunAsync(IFeatureSource source, bool intoCatalog, string key = "corpus") =>
        await new IngestionJob(Bundle.Model, Ingest.Options(4, 8) with { SourceKey = key }, TimeProvider.System).RunAsync(source, await TargetAsync(intoCatalog), null, Cancelled);

    private async Task<IIngestionTarget> TargetAsync(bool inCatalog) => inCatalog
        ? new CatalogIngestionTarget(Catalog, await IndexAsync(), new CatalogTargetOptions { Worker = "test" })
        : new LocalIngestionTarget(Folder.Index, IndexBinding.SchemaOf(Bundle.Model), 8);

    // The warnings of the latest run, as any replica has them.
    private async Task<IReadOnlyList<string>> NotedAsync() => (await CatalogRuns.LatestAsync(Catalog, await IndexAsync(), 1, Cancelled)).SingleOrDefault()?.Findings.Warnings ?? [];
}
