using Npgsql;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres;

public sealed class CatalogIndexesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_index_is_made_without_waiting_for_those_who_read_or_write_others()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var busy = await HoldAsync(catalog);
        var made = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "green", SampleCorpus.Schema, Cancellation);
        await busy.DisposeAsync();
        var moved = catalog.Index with { IndexId = made.IndexId, Name = made.Name };
        await new SampleRun(catalog.Catalog, moved, new CatalogRetry()).RunAsync(20);
        Assert.Equal(2, (await CatalogIndexes.FindAsync(catalog.Catalog, "green", Cancellation))!.Epoch);
        Assert.Equal(0, await catalog.EpochOfAsync("sample"));
        // A partition has the indexes of its parent, once each.
        Assert.Equal(4, await catalog.AskAsync<long>($"select count(*) from pg_index where indrelid = 'retrieval.image_{made.IndexId}'::regclass"));
        Assert.Equal(0, await catalog.AskAsync<long>($"select count(*) from pg_index i where indrelid = 'retrieval.image_{made.IndexId}'::regclass and not exists (select from pg_inherits where inhrelid = i.indexrelid)"));
        Assert.Equal("e", await catalog.AskAsync<string>($"select attstorage::text from pg_attribute where attrelid = 'retrieval.image_record_{made.IndexId}'::regclass and attname = 'record'"));
    }

    [Fact]
    public async Task A_drop_waits_for_those_who_are_in_the_way_without_holding_up_others_for_long()
    {
        await using var catalog = await SampleCatalog.CreateAsync(commandSeconds: 10);
        await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "green", SampleCorpus.Schema, Cancellation);
        Task drop;
        await using (await HoldAsync(catalog))
        {
            drop = CatalogIndexes.DropAsync(catalog.Catalog, "green", Cancellation);
            await catalog.UntilAsync("select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query like '%drop_index%' and datname = current_database())");
            // Queued behind the drop, until it steps back.
            await catalog.Catalog.UseAsync("reading", async (connection, cancellation) =>
            {
                await using var command = new NpgsqlCommand("select count(*) from retrieval.image", connection);
                return await command.ExecuteScalarAsync(cancellation);
            }, Cancellation);
            Assert.False(drop.IsCompleted);
        }

        await drop;
        Assert.Null(await CatalogIndexes.FindAsync(catalog.Catalog, "green", Cancellation));
        Assert.Equal(0, await catalog.AskAsync<long>("select count(*) from pg_class where relname ~ '_2$'"));
    }

    [Fact]
    public async Task Indexes_are_made_once_matched_by_their_fields_activated_and_not_dropped_while_active()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "green", SampleCorpus.Schema, Cancellation)));
        Assert.Single(made.Select(index => index.IndexId).Distinct());
        await Assert.ThrowsAsync<IndexMismatchException>(() => CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "green", SampleCorpus.Schema with { EmbeddingWidth = 7 }, Cancellation));
        Assert.Null(await CatalogIndexes.FindActiveAsync(catalog.Catalog, Cancellation));
        Assert.True(await CatalogIndexes.ActivateFirstAsync(catalog.Catalog, catalog.Index, Cancellation));
        Assert.False(await CatalogIndexes.ActivateFirstAsync(catalog.Catalog, made[0], Cancellation));
        Assert.Equal("sample", await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancellation));
        Assert.Equal("green", (await CatalogIndexes.FindActiveAsync(catalog.Catalog, Cancellation))!.Name);
        var active = await Assert.ThrowsAsync<CatalogException>(() => CatalogIndexes.DropAsync(catalog.Catalog, "green", Cancellation));
        Assert.Contains("it is the active one", active.Message, StringComparison.Ordinal);
        await CatalogIndexes.DropAsync(catalog.Catalog, "sample", Cancellation);
        Assert.Equal(CatalogFault.Index, (await Assert.ThrowsAsync<CatalogException>(() => CatalogIndexes.ActivateAsync(catalog.Catalog, "sample", Cancellation))).Fault);
        Assert.Equal("green", Assert.Single(await CatalogIndexes.ListAsync(catalog.Catalog, Cancellation)).Name);
    }

    // A transaction that has read the images and written large rows, and goes on.
    private static async Task<NpgsqlConnection> HoldAsync(SampleCatalog catalog)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.OwnerConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand($"begin; select count(*) from retrieval.image; insert into retrieval.image_record values ({catalog.Index.IndexId}, 1, '')", connection);
        await command.ExecuteNonQueryAsync(Cancellation);
        return connection;
    }
}
