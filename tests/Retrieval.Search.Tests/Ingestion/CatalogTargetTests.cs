using System.Globalization;
using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;

namespace Retrieval.Search.Tests.Ingestion;

/// <summary>Ingestion into the catalog gives, to the last bit, what ingestion into a local index gives; in one part or in many.</summary>
public sealed class CatalogTargetTests : CatalogIngestionTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(12)]
    public async Task All_parts_together_store_what_one_local_run_stores(int parts)
    {
        IngestionTests.Flawed(33).Write(Folder.Path);
        using var source = Corpus.Open(Folder.Path);
        var undisturbed = await Ingest.RunAsync(source, Folder.Index);
        var index = await IndexAsync("blue");

        var reports = await Task.WhenAll(Enumerable.Range(0, parts).Select(part => RunAsync(source, index, part, parts)));

        Assert.Equal(Ingest.ContentHash(Folder.Index), await HashAsync("blue"));
        Assert.Equal(undisturbed.Progress.Ingested, reports.Sum(report => report.Progress.Ingested));
        Assert.Equal(undisturbed.Progress.Captions, reports.Sum(report => report.Progress.Captions));
        Assert.Equal(undisturbed.FirstRejects, reports.SelectMany(report => report.FirstRejects).OrderBy(reject => reject.Row));
        Assert.Equal(33, reports.Sum(report => report.Progress.Rows));
        Assert.All(reports, report => Assert.Equal(report.Progress.TotalRows, report.Progress.Rows));
        Assert.Contains(reports, report => report.End!.SourceComplete && report.End.ShortlistBuilt);
        Assert.Single(reports, report => report.End!.Activated);
        Assert.True(await ShortlistIndexes.ReadyAsync(Catalog, index, Cancelled));
        Assert.Equal("blue", (await CatalogIndexes.FindActiveAsync(Catalog, Cancelled))!.Name);
    }

    [Fact]
    public async Task A_part_that_is_missing_leaves_the_index_unbuilt_and_inactive()
    {
        using var source = Corpus.Make(20, 1, 3).AsSource();
        var index = await IndexAsync("blue");

        var first = await RunAsync(source, index, 0, 2);
        Assert.Equal((false, false, false), (first.End!.SourceComplete, first.End.ShortlistBuilt, first.End.Activated));
        Assert.Null(await CatalogIndexes.FindActiveAsync(Catalog, Cancelled));
        var second = await RunAsync(source, index, 1, 2);

        Assert.Equal((true, true, true), (second.End!.SourceComplete, second.End.ShortlistBuilt, second.End.Activated));
    }

    [Fact]
    public async Task Another_index_is_not_activated_over_the_one_that_is_served()
    {
        using var source = Corpus.Make(8, 1, 3).AsSource();
        await RunAsync(source, await IndexAsync("blue"), 0, 1);

        var green = await RunAsync(source, await IndexAsync("green"), 0, 1);

        Assert.False(green.End!.Activated);
        Assert.Equal("blue", (await CatalogIndexes.FindActiveAsync(Catalog, Cancelled))!.Name);
    }

    [Fact]
    public async Task Parts_with_windows_of_two_sizes_are_refused()
    {
        using var source = Corpus.Make(20, 1, 3).AsSource();
        var index = await IndexAsync("blue");
        await RunAsync(source, index, 0, 2);

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync(source, index, 1, 2, batchRows: 5));

        Assert.Equal("batch", error.Field);
        Assert.Contains("begun with 4", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync(source, index, 2, 2));
        await Assert.ThrowsAsync<InvalidInputException>(() => Ingest.RunAsync(source, Folder.Index, Ingest.Options(4, 8) with { Part = 0, Parts = 2 }));
    }

    [Fact]
    public async Task A_source_that_was_begun_in_n_parts_is_refused_in_m_until_it_is_complete_or_begun_anew()
    {
        using var source = Corpus.Make(20, 1, 3).AsSource();
        var index = await IndexAsync("blue");
        await RunAsync(source, index, 0, 2);

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync(source, index, 1, 3));
        Assert.Equal("part", error.Field);
        Assert.Contains("begun in 2 parts, 1 of which are complete", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync(source, index, 0, 1));

        // A source that has changed is another one, and begun anew: in as many parts as one likes.
        using var changed = Corpus.Make(20, 1, 3).AsSource("2");
        Assert.False((await RunAsync(changed, index, 0, 3)).End!.SourceComplete);
        Assert.False((await RunAsync(source, index, 0, 4, restart: true)).End!.SourceComplete);
        for (var part = 1; part < 3; part++)
        {
            await RunAsync(source, index, part, 4);
        }

        Assert.True((await RunAsync(source, index, 3, 4)).End!.SourceComplete);
        Assert.True((await RunAsync(source, index, 0, 1)).End!.SourceComplete);
    }

    [Fact]
    public async Task Of_parts_of_n_and_of_m_that_begin_at_once_one_division_is_begun()
    {
        using var source = Corpus.Make(8, 1, 3).AsSource();
        var index = await IndexAsync("blue");

        // Two parts of each division are begun, so that none is ever complete.
        for (var round = 3; round < 13; round += 2)
        {
            var (n, m) = (round, round + 1);
            using var anew = Corpus.Make(8, 1, 3).AsSource($"{n}");
            var runs = await Task.WhenAll(Enumerable.Range(0, 6).Select(async i =>
            {
                try
                {
                    await RunAsync(anew, index, i % 2 == 0 ? 0 : 1, i < 3 ? n : m);
                    return i < 3 ? n : m;
                }
                catch (Exception refused) when (refused is InvalidInputException { Field: "part" } or CatalogException { Fault: CatalogFault.Taken })
                {
                    return 0;
                }
            }));
            Assert.Single(runs.Where(parts => parts > 0).Distinct());
        }
    }

    [Fact]
    public async Task A_source_of_which_every_row_is_refused_fails_and_activates_nothing()
    {
        var index = await IndexAsync("blue");
        var unfit = IngestionTests.Unfit(9);

        var error = await Assert.ThrowsAsync<SourceRefusedException>(() => RunAsync(unfit, index, 0, 1));
        Assert.Contains("every row of it was refused (9 rejects)", error.Message, StringComparison.Ordinal);
        Assert.Contains("row 0: unfit", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SourceRefusedException>(() => RunAsync(unfit, index, 0, 1));

        var runs = await Storage.Postgres.Writing.CatalogRuns.ListAsync(Catalog, index, 100, Cancelled);
        Assert.Equal(2, runs.Count);
        Assert.All(runs, run => Assert.Equal(Storage.Postgres.Writing.RunState.Failed, run.State));
        Assert.Null(await CatalogIndexes.FindActiveAsync(Catalog, Cancelled));
        await RunAsync(unfit, index, 0, 2, key: "parts");
        await Assert.ThrowsAsync<SourceRefusedException>(() => RunAsync(unfit, index, 1, 2, key: "parts"));
        Assert.Null(await CatalogIndexes.FindActiveAsync(Catalog, Cancelled));
    }

    [Fact]
    public async Task A_run_broken_off_at_any_window_is_gone_on_with()
    {
        IngestionTests.Flawed(33).Write(Folder.Path);
        using var source = Corpus.Open(Folder.Path);
        await Ingest.RunAsync(source, Folder.Index);
        var index = await IndexAsync("blue");
        for (var row = 1; row < 33; row += 6)
        {
            await Assert.ThrowsAsync<IOException>(() => RunAsync(new BrokenSource(source, row), index, 0, 1));
        }

        var last = await RunAsync(source, index, 0, 1);

        Assert.Equal((0L, true), (last.ResumedAtRow % 4, last.ResumedAtRow <= 28));
        Assert.Equal(Ingest.ContentHash(Folder.Index), await HashAsync("blue"));
        var runs = await Storage.Postgres.Writing.CatalogRuns.ListAsync(Catalog, index, 100, Cancelled);
        Assert.Equal(7, runs.Count);
        Assert.Equal(6, runs.Count(run => run.State == Storage.Postgres.Writing.RunState.Failed && run.Message!.Contains("the disk is gone", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Parts_of_a_file_whose_rows_are_not_known_are_told_by_counting_them()
    {
        var corpus = Corpus.Make(19, 1, 8);
        var tsv = Path.Combine(Folder.Path, "features.tsv");
        await File.WriteAllLinesAsync(tsv, Enumerable.Range(0, corpus.Count).Select(row => string.Join(
            '\t', corpus.Ids[row], "640", "480", Bundle.Regions.ToString(CultureInfo.InvariantCulture),
            Convert.ToBase64String(new byte[Bundle.Regions * 4 * sizeof(float)]), Convert.ToBase64String(MemoryMarshal.AsBytes(corpus.Regions[row].AsSpan())))), Cancelled);
        var captions = Path.Combine(Folder.Path, "captions.txt");
        await File.WriteAllLinesAsync(captions, Enumerable.Range(0, corpus.Count).Select(row => $"{corpus.Ids[row]}\t{corpus.Captions[row][0]}").Append("nobody\ta caption"), Cancelled);
        using var source = DetectorTsvSource.Open(tsv, captions, Bundle.Expectation);
        await Ingest.RunAsync(source, Folder.Index);
        var index = await IndexAsync("blue");

        var reports = new List<IngestionReport>();
        for (var part = 0; part < 3; part++)
        {
            reports.Add(await RunAsync(source, index, part, 3));
        }

        Assert.Equal(Ingest.ContentHash(Folder.Index), await HashAsync("blue"));
        Assert.Equal("nobody", Assert.Single(reports.SelectMany(report => report.FirstRejects)).Reason.Split('\'')[1]);
        Assert.Equal(19, reports.Sum(report => report.Progress.Ingested));
    }

    [Fact]
    public async Task An_image_of_another_source_is_refused_unless_it_may_be_replaced()
    {
        var index = await IndexAsync("blue");
        var one = Corpus.Make(6, 1, 1);
        var two = Corpus.Make(9, 1, 2);
        await RunAsync(one.AsSource(), index, 0, 1);

        var refused = await RunAsync(two.AsSource(), index, 0, 1, key: "two");
        Assert.Equal((3, 6), (refused.Progress.Ingested, refused.Progress.Rejected));
        Assert.Equal(Enumerable.Range(0, 6).Select(row => (long)row), refused.FirstRejects.Select(reject => reject.Row));

        var replaced = await RunAsync(two.AsSource("again"), index, 0, 1, key: "two", replace: true);
        Assert.Equal((6, 6, 3, 0), (replaced.Progress.Ingested, replaced.Progress.Replaced, replaced.Progress.Skipped, replaced.Progress.Rejected));
    }

    private Task<IngestionReport> RunAsync(IFeatureSource source, CatalogIndex index, int part, int parts, int batchRows = 4, string key = "corpus", bool replace = false, bool restart = false)
    {
        var options = Ingest.Options(batchRows, 8) with { SourceKey = key, Part = part, Parts = parts, Replace = replace, Restart = restart };
        var target = new CatalogIngestionTarget(Catalog, index, new CatalogTargetOptions { Worker = "test", Replace = replace });
        return new IngestionJob(Bundle.Model, options, TimeProvider.System).RunAsync(source, target, null, Cancelled);
    }

    // As a replica has it.
    private async Task<string> HashAsync(string name)
    {
        var schema = IndexBinding.SchemaOf(Bundle.Model);
        await using var follower = new CatalogFollower(
            Catalog, new FollowerOptions { CacheFolder = Path.Combine(Folder.Path, "cache"), IndexName = name }, new Dictionary<string, IndexSchema> { [schema.Fingerprint] = schema });
        FollowStep step;
        while ((step = await follower.StepAsync(null, Cancelled)).More)
        {
        }

        using var index = LocalIndex.Open(step.Index!.Path, schema);
        return index.ContentHash(Cancelled);
    }
}
