using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres;

public sealed class MigratorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_owner_who_is_no_superuser_migrates_once_however_often_and_by_however_many_it_is_asked()
    {
        await using var database = await TestDatabase.CreateAsync(Cancellation);
        await using var catalog = SampleCatalog.Open(database.OwnerConnectionString);
        var none = await Assert.ThrowsAsync<CatalogException>(() => Migrator.RequireAsync(catalog, Cancellation));
        Assert.Contains("holds no retrieval schema yet; run `retrieval index migrate`", none.Message, StringComparison.Ordinal);
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Migrator.MigrateAsync(catalog, cancellationToken: Cancellation)));
        Assert.Equal(Migrator.Latest, Assert.Single(applied, names => names.Count > 0).Count);
        var before = await ObjectsAsync(database);
        Assert.Empty(await Migrator.MigrateAsync(catalog, cancellationToken: Cancellation));
        Assert.Equal(before, await ObjectsAsync(database));
        await Migrator.RequireAsync(catalog, Cancellation);
    }

    [Theory]
    [InlineData("update retrieval.migration set sha256 = 'x'", "had another file applied as migration 0001_catalog")]
    [InlineData("insert into retrieval.migration (version, name, sha256) values (999, '0999_future', 'x')", "is at schema version 999, newer than this program's")]
    public async Task A_schema_that_was_edited_or_is_newer_is_refused_by_migration_and_by_use(string change, string reason)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await catalog.ExecuteAsync(change);
        foreach (var use in new Func<Task>[] { () => Migrator.MigrateAsync(catalog.Catalog, cancellationToken: Cancellation), () => Migrator.RequireAsync(catalog.Catalog, Cancellation) })
        {
            var refused = await Assert.ThrowsAsync<CatalogException>(use);
            Assert.Equal(CatalogFault.Schema, refused.Fault);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_filled_catalog_of_the_version_before_values_gets_them_and_refuses_its_writers()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        await images.PutAsync(SampleCorpus.Batch("old", version: 1), Cancellation);
        await catalog.ExecuteAsync("""
            drop function retrieval.partitioned;
            drop table retrieval.image_value;
            alter table retrieval.image drop column value_rows;
            delete from retrieval.migration where version > 1
            """);
        var older = await Assert.ThrowsAsync<CatalogException>(() => Migrator.RequireAsync(catalog.Catalog, Cancellation));
        Assert.Contains("is at schema version 1 and this program needs 2", older.Message, StringComparison.Ordinal);

        Assert.Equal(["0002_values"], await Migrator.MigrateAsync(catalog.Catalog, cancellationToken: Cancellation));

        await images.PutAsync(SampleCorpus.Batch("new", version: 2), Cancellation);
        await CatalogAssert.HoldsAsync(catalog, new Dictionary<string, int> { ["old"] = 1, ["new"] = 2 });
        Assert.Empty((await CatalogVerify.RunAsync(catalog.Catalog, catalog.Index, cancellationToken: Cancellation)).Findings);
        var later = await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "later", SampleCorpus.Schema, Cancellation);
        Assert.Equal(2, await catalog.AskAsync<long>($"select count(*) from pg_tables where tablename in ('image_value_{catalog.Index.IndexId}', 'image_value_{later.IndexId}')"));
        var writer = await Assert.ThrowsAsync<PostgresException>(() => catalog.ExecuteAsync("insert into retrieval.image (index_id, id, row_no, epoch, content_hash) values (1, 'x', 99, 1, '')"));
        Assert.Equal((PostgresErrorCodes.NotNullViolation, "value_rows"), (writer.SqlState, writer.ColumnName));
    }

    [Fact]
    public async Task A_database_without_the_extension_says_who_can_make_it()
    {
        await using var database = await TestDatabase.CreateAsync(Cancellation);
        Assert.SkipWhen(database.ExtensionIsTrusted, "here every owner may make the extension");
        await database.ExecuteAsAdminAsync("drop extension vector", Cancellation);
        await using var catalog = SampleCatalog.Open(database.OwnerConnectionString);
        var refused = await Assert.ThrowsAsync<CatalogException>(() => Migrator.MigrateAsync(catalog, cancellationToken: Cancellation));
        Assert.Contains("ask a superuser to run in this database: create extension vector", refused.Message, StringComparison.Ordinal);
        await database.ExecuteAsAdminAsync("create extension vector", Cancellation);
        Assert.NotEmpty(await Migrator.MigrateAsync(catalog, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_database_of_another_encoding_is_refused()
    {
        var server = await PostgresServer.SharedAsync();
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(Cancellation);
        var name = $"retrieval_test_latin_{Guid.NewGuid():n}"[..40];
        await ExecuteAsync(connection, $"create database {name} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
        try
        {
            await using var catalog = SampleCatalog.Open(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name, Pooling = false }.ConnectionString);
            var refused = await Assert.ThrowsAsync<CatalogException>(() => Migrator.MigrateAsync(catalog, cancellationToken: Cancellation));
            Assert.Contains("is encoded as LATIN1, expected UTF8", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            await ExecuteAsync(connection, $"drop database {name} with (force)");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static Task<string?> ObjectsAsync(TestDatabase database) => database.AskAsAdminAsync<string>(
        "select string_agg(c.oid::text || c.relname || c.relfilenode, ',' order by c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'retrieval'", Cancellation);
}
