using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Storage.Tests.Postgres.Searching;

/// <summary>The driver knows pgvector's types by numbers that are each database's own, and that change under a server that runs.</summary>
public sealed class VectorTypeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_was_connected_before_the_extension_was_created_searches()
    {
        await using var database = await TestDatabase.CreateAsync(Cancellation);
        await using var serving = new Catalog(new CatalogOptions { ConnectionString = database.OwnerConnectionString });
        await using var writing = new Catalog(new CatalogOptions { ConnectionString = database.OwnerConnectionString });
        await ExecuteAsync(database, "drop extension if exists vector cascade");
        await serving.UseAsync("connecting", (_, _) => Task.FromResult(true), Cancellation);
        await ExecuteAsync(database, "create extension vector");
        await SearchAsync(serving, writing);
    }

    [Fact]
    public async Task A_server_goes_on_when_its_database_was_restored_and_the_types_have_other_numbers()
    {
        await using var database = await TestDatabase.CreateAsync(Cancellation);
        await using var serving = new Catalog(new CatalogOptions { ConnectionString = database.OwnerConnectionString });
        await using (var before = new Catalog(new CatalogOptions { ConnectionString = database.OwnerConnectionString }))
        {
            await SearchAsync(serving, before);
        }

        await ExecuteAsync(database, "drop schema retrieval cascade; drop extension vector cascade; create extension vector");
        await using var after = new Catalog(new CatalogOptions { ConnectionString = database.OwnerConnectionString });
        await SearchAsync(serving, after);
    }

    private static async Task SearchAsync(Catalog serving, Catalog writing)
    {
        await Migrator.MigrateAsync(writing, null, Cancellation);
        var index = await CatalogIndexes.FindOrCreateAsync(writing, "vectors", VectorCorpus.Schema, Cancellation);
        await using var images = new CatalogImageWriter(writing, index);
        await images.PutAsync(VectorCorpus.Batch([(1, 0), (2, 0)]), Cancellation);
        var hits = await new VectorShortlist(serving).FindAsync(CatalogItems.Images, index.IndexId, VectorCorpus.Width, VectorCorpus.Query(1), 20, null, Cancellation);
        Assert.Equal(2, hits.Count);
    }

    private static async Task ExecuteAsync(TestDatabase database, string sql)
    {
        await using var admin = new NpgsqlConnection(database.AdminConnectionString + ";Pooling=false");
        await admin.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, admin);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
