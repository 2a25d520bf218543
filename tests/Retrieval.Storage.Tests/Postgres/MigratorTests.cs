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
        var none = await Assert.ThrowsAsync<CatalogException>(() => Migrator.RequireAsync(catalog, SchemaUse.Read, Cancellation));
        Assert.Contains("holds no retrieval schema yet; run `retrieval index migrate`", none.Message, StringComparison.Ordinal);
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Migrator.MigrateAsync(catalog, cancellationToken: Cancellation)));
        Assert.Equal(Migrator.Latest, Assert.Single(applied, names => names.Count > 0).Count);
        var before = await ObjectsAsync(database);
        Assert.Empty(await Migrator.MigrateAsync(catalog, cancellationToken: Cancellation));
        Assert.Equal(before, await ObjectsAsync(database));
        await Migrator.RequireAsync(catalog, SchemaUse.Read, Cancellation);
    }

    [Theory]
    [InlineData("update retrieval.migration set sha256 = 'x'", "had another file applied as migration 0001_catalog")]
    [InlineData("insert into retrieval.migration (version, name, sha256) values (999, '0999_future', 'x')", "is at schema version 999, newer than this program's")]
    public async Task A_schema_that_was_edited_or_is_newer_is_refused_by_migration_and_by_use(string change, string reason)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await catalog.ExecuteAsync(change);
        foreach (var use in new Func<Task>[] { () => Migrator.MigrateAsync(catalog.Catalog, cancellationToken: Cancellation), () => Migrator.RequireAsync(catalog.Catalog, SchemaUse.Read, Cancellation) })
        {
            var refused = await Assert.ThrowsAsync<CatalogException>(use);
            Assert.Equal(CatalogFault.Schema, refused.Fault);
            Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1, 1, true, true)]
    [InlineData(2, 3, true, true)]
    [InlineData(2, 4, true, false)]
    [InlineData(4, 4, false, false)]
    public async Task A_newer_schema_takes_the_programs_that_its_migrations_say(int readsFrom, int writesFrom, bool reads, bool writes)
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await catalog.ExecuteAsync($"""
            insert into retrieval.migration (version, name, sha256) values (998, '0998_wide', 'x'), (999, '0999_future', 'x');
            insert into retrieval.compatibility (version, reads_from, writes_from) values (998, 1, 1), (999, {readsFrom}, {writesFrom})
            """);

        await AllowsAsync(reads, "takes no readers of that version", () => Migrator.RequireAsync(catalog.Catalog, SchemaUse.Read, Cancellation));
        await AllowsAsync(writes, "takes no writers of that version", () => Migrator.RequireAsync(catalog.Catalog, SchemaUse.Write, Cancellation));
        await AllowsAsync(writes, "takes no writers of that version", async () => Assert.Empty(await Migrator.MigrateAsync(catalog.Catalog, cancellationToken: Cancellation)));
    }

    [Fact]
    public async Task Every_migration_from_the_third_on_says_which_programs_may_go_on_under_it()
    {
        await using var catalog = await SampleCatalog.CreateAsync();

        Assert.Equal(Enumerable.Range(3, Migrator.Latest - 2), await catalog.AskAsync<int[]>("select array_agg(version order by version) from retrieval.compatibility where 0 < reads_from and reads_from <= writes_from and writes_from <= version"));
    }

    // The statement as version 2 had it, in which the column that 0003 adds is not named.
    [Fact]
    public async Task A_program_of_version_two_registers_and_moves_its_runs_after_the_migration_and_they_are_shown()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await catalog.ExecuteAsync($"""
            insert into retrieval.run (index_id, source_key, part, parts, run_id, worker, state, first_row, next_row, total_rows)
            values ({catalog.Index.IndexId}, 'old', 0, 1, '00000000-0000-0000-0000-000000000001', 'old', 'running', 0, 0, 8) on conflict (run_id) do nothing;
            update retrieval.run set state = 'completed', message = null, ended_at = clock_timestamp(), updated_at = clock_timestamp() where run_id = '00000000-0000-0000-0000-000000000001'
            """);

        var run = await CatalogRuns.FindAsync(catalog.Catalog, new Guid("00000000-0000-0000-0000-000000000001"), Cancellation);
        Assert.Equal((RunState.Completed, CatalogFindings.None), (run!.State, run.Findings));
    }

    [Fact]
    public async Task A_filled_catalog_of_the_version_before_values_gets_them_and_refuses_its_writers()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index);
        await images.PutAsync(SampleCorpus.Batch("old", version: 1), Cancellation);
        await catalog.BackToVersionTwoAsync();
        await catalog.ExecuteAsync("""
            drop function retrieval.partitioned;
            drop table retrieval.image_value;
            alter table retrieval.image drop column value_rows;
            delete from retrieval.migration where version > 1
            """);
        var older = await Assert.ThrowsAsync<CatalogException>(() => Migrator.RequireAsync(catalog.Catalog, SchemaUse.Read, Cancellation));
        Assert.Contains("is at schema version 1 and this program needs 3", older.Message, StringComparison.Ordinal);

        Assert.Equal(["0002_values", "0003_findings"], await Migrator.MigrateAsync(catalog.Catalog, cancellationToken: Cancellation));

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

    private static async Task AllowsAsync(bool allowed, string reason, Func<Task> use)
    {
        var refused = await Record.ExceptionAsync(use);
        Assert.Equal(allowed, refused is null);
        Assert.True(allowed || refused is CatalogException { Fault: CatalogFault.Schema } && refused.Message.Contains(reason, StringComparison.Ordinal), refused?.Message);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static Task<string?> ObjectsAsync(TestDatabase database) => database.AskAsAdminAsync<string>(
        "select string_agg(c.oid::text || c.relname || c.relfilenode, ',' order by c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'retrieval'", Cancellation);
}
