using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Maintenance;

public sealed class CatalogVacuumTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tombstones_go_by_age_and_what_is_gone_is_noted_for_replicas()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(60);
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        var expected = SampleSource.StateAfter(60);
        for (var i = 0; i < 6; i++)
        {
            await images.DeleteAsync($"image-{i:D4}", Cancellation);
            expected.Remove($"image-{i:D4}");
        }

        // One of the old ones lives again: it is no tombstone any more.
        await images.PutAsync(SampleSource.Rows([("image-0001", 7)], null), Cancellation);
        expected["image-0001"] = 7;
        await catalog.ExecuteAsync("update retrieval.image set deleted_at = now() - interval '8 days' where deleted and id < 'image-0004'");
        var report = await CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, new CatalogVacuumOptions(), null, Cancellation);
        Assert.Equal((3, 0, 0), (report.Tombstones, report.Runs, report.Rejects));
        // Deletions began with epoch 7: images 0 to 3 went with 7 to 10.
        Assert.Equal(10, (await CatalogIndexes.FindAsync(catalog.Catalog, "sample", Cancellation))!.PurgedEpoch);
        Assert.Equal(2, await catalog.AskAsync<long>("select count(*) from retrieval.image where deleted"));
        Assert.Equal(0, (await CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, new CatalogVacuumOptions { TombstonesOlderThan = null }, null, Cancellation)).Tombstones);
        Assert.Equal(2, (await CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, new CatalogVacuumOptions { TombstonesOlderThan = TimeSpan.Zero }, null, Cancellation)).Tombstones);
        Assert.Equal(12, (await CatalogIndexes.FindAsync(catalog.Catalog, "sample", Cancellation))!.PurgedEpoch);
        // Of the 13 changes, those before the last tombstone that went.
        Assert.Equal("12 13", await catalog.AskAsync<string>("select string_agg(epoch::text, ' ' order by epoch) from retrieval.change"));
        await CatalogAssert.HoldsAsync(catalog, expected);
        Assert.Empty((await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, cancellationToken: Cancellation)).Findings);
    }

    [Fact]
    public async Task A_purge_that_is_broken_off_has_noted_what_is_gone_and_nothing_else()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        await images.PutAsync(SampleSource.Rows([.. Enumerable.Range(0, 6).Select(i => ($"image-{i}", 0))], null), Cancellation);
        for (var i = 0; i < 6; i++)
        {
            await images.DeleteAsync($"image-{i}", Cancellation);
        }

        await catalog.ExecuteAsync("""
            create function public.stop() returns trigger language plpgsql as $$ begin raise exception 'broken off'; end $$;
            create trigger stop before delete on retrieval.image for each row when (old.id = 'image-5') execute function public.stop();
            """);
        var options = new CatalogVacuumOptions { TombstonesOlderThan = TimeSpan.Zero, TombstonesAtOnce = 2 };
        await Assert.ThrowsAsync<CatalogException>(() => CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, options, null, Cancellation));
        Assert.Equal((5L, 2L), (await catalog.AskAsync<long>("select purged_epoch from retrieval.index"), await catalog.AskAsync<long>("select count(*) from retrieval.image")));
        Assert.Empty((await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, cancellationToken: Cancellation)).Findings);
        await catalog.ExecuteAsync("drop trigger stop on retrieval.image");
        Assert.Equal(2, (await CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, options, null, Cancellation)).Tombstones);
        Assert.Equal(7, await catalog.AskAsync<long>("select epoch from retrieval.change"));
    }

    [Fact]
    public async Task Runs_and_rejects_go_by_age_where_that_is_asked_for()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        foreach (var key in new[] { "old", "new" })
        {
            await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()) { Key = key, Ids = key }.RunAsync(60);
        }

        await catalog.ExecuteAsync("""
            update retrieval.run set started_at = now() - interval '40 days', updated_at = now() - interval '40 days', ended_at = now() - interval '40 days' where source_key = 'old';
            update retrieval.reject set at = now() - interval '40 days' where source_key = 'old'
            """);
        var kept = await CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, new CatalogVacuumOptions(), null, Cancellation);
        Assert.Equal((0, 0), (kept.Runs, kept.Rejects));
        var report = await CatalogVacuum.RunAsync(
            catalog.Catalog, catalog.Index, new CatalogVacuumOptions { RunsOlderThan = TimeSpan.FromDays(30), RejectsOlderThan = TimeSpan.FromDays(30) }, null, Cancellation);
        Assert.Equal((1, 5), (report.Runs, report.Rejects));
        Assert.Equal("new", Assert.Single(await CatalogRuns.ListAsync(catalog.Catalog, catalog.Index, 10, Cancellation)).SourceKey);
        Assert.Equal(5, await catalog.AskAsync<long>("select count(*) from retrieval.reject where source_key = 'new'"));
    }

    [Fact]
    public async Task A_nearest_neighbour_index_full_of_dead_rows_is_built_anew_while_writers_go_on()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(60);
        await ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions(), null, Cancellation);
        await catalog.ExecuteAsync("""
            alter table retrieval.image_embedding_1 set (autovacuum_enabled = false);
            alter table retrieval.caption_embedding_1 set (autovacuum_enabled = false);
            create index image_embedding_1_nearest_ccnew on retrieval.image_embedding_1 (row_no);
            """);
        // Later versions of all images: as many dead rows as live ones.
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(120);
        await catalog.UntilAsync("select count(*) = 2 from pg_stat_user_tables where relname in ('image_embedding_1', 'caption_embedding_1') and n_dead_tup > n_live_tup / 2");
        var before = await FilesAsync(catalog);
        var writing = new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()) { Key = "other", Ids = "other" };
        var written = writing.RunUntilToldAsync();
        await writing.BeyondAsync(0, written);
        var report = await CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, new CatalogVacuumOptions(), null, Cancellation);
        writing.EndAt(writing.Acknowledged + 10);
        await written;
        Assert.Equal(["image", "caption"], report.Reindexed);
        Assert.NotEqual(before, await FilesAsync(catalog));
        Assert.Equal(0, await catalog.AskAsync<long>("select count(*) from pg_class where relname ~ '_cc(new|old)$'"));
        Assert.True(await ShortlistIndexes.ReadyAsync(catalog.Catalog, catalog.Index, Cancellation));
        Assert.Empty((await CatalogVacuum.RunAsync(catalog.Catalog, catalog.Index, new CatalogVacuumOptions { ReindexAt = 1 }, null, Cancellation)).Reindexed);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(120).Concat(SampleSource.StateAfter(writing.Acknowledged, "other")).ToDictionary());
    }

    private static Task<string?> FilesAsync(SampleCatalog catalog) =>
        catalog.AskAsync<string>("select string_agg(relfilenode::text, ' ' order by relname) from pg_class where relname ~ '_nearest$'");
}
