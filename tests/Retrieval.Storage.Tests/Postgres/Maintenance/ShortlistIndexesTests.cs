using System.Threading.Channels;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Maintenance;

public sealed class ShortlistIndexesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_collections_get_an_index_once_and_writing_goes_on_after_it()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(60);
        Assert.False(await ShortlistIndexes.ReadyAsync(catalog.Catalog, catalog.Index, Cancellation));
        var progress = new List<ShortlistIndexProgress>();
        await ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions { M = 8, EfConstruction = 40 }, new Collected(progress), Cancellation);
        Assert.True(await ShortlistIndexes.ReadyAsync(catalog.Catalog, catalog.Index, Cancellation));
        Assert.Contains(new ShortlistIndexProgress("image", 55, 55), progress);
        Assert.Equal("caption", progress[^1].Collection);
        var made = await DefinitionsAsync(catalog);
        Assert.Contains("m='8', ef_construction='40'", made, StringComparison.Ordinal);
        await ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions(), null, Cancellation);
        Assert.Equal(made, await DefinitionsAsync(catalog));
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(200);
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(200));
    }

    [Fact]
    public async Task An_ingestion_waits_for_a_build_and_goes_on()
    {
        await using var catalog = await SampleCatalog.CreateAsync(commandSeconds: 1);
        var run = new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry { For = TimeSpan.FromSeconds(30) });
        var running = run.RunUntilToldAsync();
        for (var times = 0; times < 3; times++)
        {
            await run.BeyondAsync(run.Acknowledged + 40, running);
            await ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions(), null, Cancellation);
            await catalog.ExecuteAsync("drop index retrieval.image_embedding_1_nearest");
        }

        run.EndAt(run.Acknowledged + 10);
        await running;
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(run.Acknowledged));
    }

    [Fact]
    public async Task An_ingestion_waits_for_a_build_for_longer_than_it_waits_for_anything_else_and_says_so()
    {
        await using var catalog = await SampleCatalog.CreateAsync(commandSeconds: 1);
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, new IngestionClaim(SampleSource.Key, "1", 20, "test"), Impatient(out var told), Cancellation);
        await run.StoreAsync(SampleSource.Batch(0, 20), Cancellation);
        await catalog.ExecuteAsync("""
            create function public.held(bigint) returns bigint immutable language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(42); return $1; end $$;
            """);
        await using var gate = await OpenAsync(catalog);
        await ExecuteAsync(gate, "select pg_advisory_lock(42)");
        var building = catalog.ExecuteAsync($"create index on retrieval.image_embedding_{catalog.Index.IndexId} (public.held(row_no))");
        await catalog.UntilAsync("select exists (select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database()))");
        var storing = run.StoreAsync(SampleSource.Batch(20, 40), Cancellation);
        for (var times = 0; times < 4; times++)
        {
            Assert.Contains("is being built", (await told.ReadAsync(Cancellation)).Message, StringComparison.Ordinal);
        }

        await ExecuteAsync(gate, "select pg_advisory_unlock(42)");
        await building;
        await storing;
        await CatalogAssert.HoldsAsync(catalog, SampleSource.StateAfter(40));
    }

    [Fact]
    public async Task Writers_do_not_queue_behind_a_build_that_waits_for_one_that_is_frozen()
    {
        await using var catalog = await SampleCatalog.CreateAsync(commandSeconds: 20);
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index, new CatalogRetry { For = TimeSpan.Zero });
        await images.PutAsync(SampleSource.Rows([("one", 1)], null), Cancellation);
        await using var frozen = await OpenAsync(catalog);
        await ExecuteAsync(frozen, $"begin; lock table retrieval.image_embedding_{catalog.Index.IndexId} in row exclusive mode");
        var building = ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions(), null, Cancellation);
        for (var version = 2; version < 5; version++)
        {
            await catalog.UntilAsync("select exists (select from pg_locks where locktype = 'relation' and mode = 'ShareLock' and not granted and database = (select oid from pg_database where datname = current_database()))");
            Assert.Equal(version, await images.PutAsync(SampleSource.Rows([("one", version)], null), Cancellation));
        }

        Assert.False(building.IsCompleted);
        await ExecuteAsync(frozen, "rollback");
        await building;
        Assert.True(await ShortlistIndexes.ReadyAsync(catalog.Catalog, catalog.Index, Cancellation));
    }

    // More than any machine's shared memory, asked for before it is needed: what a /dev/shm of 64 MB does to a larger corpus.
    [Fact]
    public async Task Where_shared_memory_does_not_suffice_for_workers_the_index_is_built_without_them_and_that_is_told()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(60);
        await catalog.ExecuteAsync("update pg_extension set extversion = '0.8.2' where extname = 'vector'"); // the oldest that may have workers
        await catalog.ExecuteAsync($"alter table retrieval.image_embedding_{catalog.Index.IndexId} set (parallel_workers = 2)");
        await using (var session = await OpenAsync(catalog))
        {
            await ExecuteAsync(session, "set maintenance_work_mem = '1TB'");
            var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(session, $"select retrieval.build_shortlist({catalog.Index.IndexId}, 'image', 16, 64)"));
            var told = Assert.IsType<CatalogException>(CatalogErrors.Translate("building", refused));
            Assert.Equal(CatalogFault.SharedMemory, told.Fault);
            Assert.Contains("too little shared memory", told.Message, StringComparison.Ordinal);
        }

        var progress = new List<ShortlistIndexProgress>();
        await ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions { MaintenanceMemory = 1L << 40 }, new Collected(progress), Cancellation);

        Assert.True(await ShortlistIndexes.ReadyAsync(catalog.Catalog, catalog.Index, Cancellation));
        Assert.Contains(new ShortlistIndexProgress("image", 55, 55, WithoutWorkers: true), progress);
        Assert.False(progress[^1].WithoutWorkers); // captions are too few for workers
    }

    [Fact]
    public async Task Options_beyond_pgvector_and_indexes_that_are_not_there_are_refused()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        foreach (var options in new[] { new ShortlistIndexOptions { M = 1 }, new ShortlistIndexOptions { M = 101 }, new ShortlistIndexOptions { EfConstruction = 31 }, new ShortlistIndexOptions { EfConstruction = 1001 } })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, options, null, Cancellation));
        }

        await CatalogIndexes.DropAsync(catalog.Catalog, "sample", Cancellation);
        await Assert.ThrowsAsync<CatalogException>(() => ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions(), null, Cancellation));
    }

    [Fact]
    public async Task The_status_counts_what_is_there()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await new SampleRun(catalog.Catalog, catalog.Index, new CatalogRetry()).RunAsync(100);
        await using (var images = new CatalogImageWriter(catalog.Catalog, catalog.Index))
        {
            await images.DeleteAsync("image-0003", Cancellation);
        }

        await ShortlistIndexes.BuildAsync(catalog.Catalog, catalog.Index, new ShortlistIndexOptions(), null, Cancellation);
        await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "empty", SampleCorpus.Schema, Cancellation);
        var state = SampleSource.StateAfter(100);
        state.Remove("image-0003");
        var status = await CatalogStatus.ReadAsync(catalog.Catalog, Cancellation);
        Assert.StartsWith("0.", status.Pgvector, StringComparison.Ordinal);
        Assert.True(status.Bytes > 1_000_000);
        Assert.Equal(["sample", "empty"], status.Indexes.Select(index => index.Index.Name));
        var filled = status.Indexes[0];
        Assert.Equal(
            (state.Count, state.Sum(image => SampleCorpus.Image(image.Key, image.Value).Entry.Captions.Count), 1, 11),
            (filled.Images, filled.Captions, filled.Tombstones, filled.Index.Epoch));
        Assert.All(filled.Tables.Values, bytes => Assert.True(bytes > 0));
        Assert.Equal(["caption", "image"], filled.Nearest.Keys.Order());
        var part = Assert.Single(filled.Ledger);
        Assert.Equal((SampleSource.Key, 100, true, 0, 1), (part.Entry.SourceKey, part.Entry.NextRow, part.Entry.Completed, part.Part, part.Parts));
        Assert.Equal((0, 0, 0), (status.Indexes[1].Images, status.Indexes[1].Nearest.Count, status.Indexes[1].Ledger.Count));
    }

    private static CatalogRetry Impatient(out ChannelReader<Exception> told)
    {
        var failures = Channel.CreateUnbounded<Exception>();
        told = failures.Reader;
        // Less than one attempt takes.
        return new CatalogRetry { For = TimeSpan.FromMilliseconds(300), FirstDelay = TimeSpan.FromMilliseconds(10), LongestDelay = TimeSpan.FromMilliseconds(10), Failed = (exception, _, _) => failures.Writer.TryWrite(exception) };
    }

    private static async Task<NpgsqlConnection> OpenAsync(SampleCatalog catalog)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static Task<string?> DefinitionsAsync(SampleCatalog catalog) => catalog.AskAsync<string>("select string_agg(indexdef, '; ' order by indexname) from pg_indexes where indexname ~ '_nearest$'");

    // Not Progress<T>, which tells later, on other threads.
    private sealed class Collected(List<ShortlistIndexProgress> all) : IProgress<ShortlistIndexProgress>
    {
        public void Report(ShortlistIndexProgress value)
        {
            lock (all)
            {
                all.Add(value);
            }
        }
    }
}
