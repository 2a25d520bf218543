using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres;

public sealed class PermissionTests
{
    private static readonly CatalogRetry Retry = new() { For = TimeSpan.FromSeconds(5) };

    private static readonly string[] Destructive =
    [
        "drop table retrieval.image", "drop table retrieval.image_1", "truncate retrieval.image", "alter table retrieval.image add column x integer", "drop schema retrieval cascade",
        "delete from retrieval.index", "update retrieval.index set name = 'x'", "update retrieval.migration set name = 'x'", "create table retrieval.x (i integer)", "select retrieval.drop_index(1)",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_ingesting_role_can_do_all_of_an_ingestion_and_destroy_nothing()
    {
        await using var setup = await SetupAsync();
        await using var catalog = SampleCatalog.Open(setup.Ingest.ConnectionString);
        var index = await CatalogIndexes.FindOrCreateAsync(catalog, "green", SampleCorpus.Schema, Cancellation);
        await new SampleRun(catalog, index, Retry).RunAsync(150);
        await using (var images = new CatalogImageWriter(catalog, index))
        {
            await images.PutAsync(SampleSource.Rows([("one", 0)], "hand"), Cancellation);
            Assert.NotNull(await images.DeleteAsync("one", Cancellation));
        }

        await ShortlistIndexes.BuildAsync(catalog, index, new ShortlistIndexOptions(), null, Cancellation);
        Assert.True(await ShortlistIndexes.ReadyAsync(catalog, index, Cancellation));
        Assert.Null(await CatalogIndexes.ActivateAsync(catalog, "green", Cancellation));
        var run = Assert.Single(await CatalogRuns.ListAsync(catalog, index, 10, Cancellation));
        Assert.False(await CatalogRuns.RequestCancelAsync(catalog, run.RunId, Cancellation));
        Assert.Empty((await CatalogVerify.RunAsync(catalog, index, 1, Cancellation)).Findings);
        await RefusedAsync(() => CatalogIndexes.DropAsync(catalog, "sample", Cancellation));
        await RefusedAsync(() => CatalogVacuum.RunAsync(catalog, index, new CatalogVacuumOptions(), null, Cancellation));
        await DestroysNothingAsync(setup.Ingest);
    }

    [Fact]
    public async Task The_serving_role_reads_everything_and_writes_nothing()
    {
        await using var setup = await SetupAsync();
        await new SampleRun(setup.Catalog.Catalog, setup.Catalog.Index, Retry).RunAsync(50);
        await using var catalog = SampleCatalog.Open(setup.Serve.ConnectionString);
        var index = (await CatalogIndexes.FindAsync(catalog, "sample", Cancellation))!;
        Assert.Equal(5, index.Epoch);
        await Migrator.RequireAsync(catalog, SchemaUse.Write, Cancellation);
        Assert.Single((await CatalogStatus.ReadAsync(catalog, Cancellation)).Indexes);
        Assert.Single(await CatalogRuns.ListAsync(catalog, null, 10, Cancellation));
        Assert.Empty((await CatalogVerify.RunAsync(catalog, index, 1, Cancellation)).Findings);
        await using var images = new CatalogImageWriter(catalog, index, Retry);
        await RefusedAsync(() => images.PutAsync(SampleSource.Rows([("one", 0)], null), Cancellation));
        await RefusedAsync(() => images.DeleteAsync("image-0001", Cancellation));
        await RefusedAsync(() => new SampleRun(catalog, index, Retry).RunAsync(50));
        await RefusedAsync(() => CatalogIndexes.FindOrCreateAsync(catalog, "green", SampleCorpus.Schema, Cancellation));
        await RefusedAsync(() => CatalogIndexes.ActivateAsync(catalog, "sample", Cancellation));
        await RefusedAsync(() => ShortlistIndexes.BuildAsync(catalog, index, new ShortlistIndexOptions(), null, Cancellation));
        await RefusedAsync(() => CatalogIndexes.DropAsync(catalog, "sample", Cancellation));
        await DestroysNothingAsync(setup.Serve);
        await CatalogAssert.HoldsAsync(setup.Catalog, SampleSource.StateAfter(50));
    }

    [Fact]
    public async Task Rights_that_a_superuser_grants_hold_for_indexes_the_owner_makes_later()
    {
        await using var owned = await SampleCatalog.CreateAsync();
        var serve = await owned.Database.CreateRoleAsync("serve", Cancellation);
        await using (var admin = SampleCatalog.Open(owned.Database.AdminConnectionString))
        {
            await Migrator.MigrateAsync(admin, new CatalogRoles(serve.Name, null), Cancellation);
        }

        var later = await CatalogIndexes.FindOrCreateAsync(owned.Catalog, "later", SampleCorpus.Schema, Cancellation);
        await new SampleRun(owned.Catalog, later, Retry).RunAsync(20);

        await using var catalog = SampleCatalog.Open(serve.ConnectionString);
        Assert.Empty((await CatalogVerify.RunAsync(catalog, later, 1, Cancellation)).Findings);
        Assert.True(await catalog.UseAsync("reading a partition", async (connection, cancellation) =>
        {
            await using var command = new NpgsqlCommand($"select count(*) from retrieval.image_{later.IndexId}", connection);
            return await command.ExecuteScalarAsync(cancellation) is > 0L;
        }, Cancellation));
    }

    [Fact]
    public async Task A_role_that_does_not_exist_is_named()
    {
        await using var owned = await SampleCatalog.CreateAsync();

        var refused = await Assert.ThrowsAsync<CatalogException>(() => Migrator.MigrateAsync(owned.Catalog, new CatalogRoles("nobody at all", null), Cancellation));

        Assert.Contains("nobody at all", refused.Message, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(Func<Task> act) => Assert.Equal(CatalogFault.Forbidden, (await Assert.ThrowsAsync<CatalogException>(act)).Fault);

    private static async Task DestroysNothingAsync(LoginRole role)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(role.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancellation);
        foreach (var sql in Destructive)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    private static async Task<Setup> SetupAsync()
    {
        var catalog = await SampleCatalog.CreateAsync();
        var setup = new Setup(catalog, await catalog.Database.CreateRoleAsync("serve", Cancellation), await catalog.Database.CreateRoleAsync("ingest", Cancellation));
        Assert.Empty(await Migrator.MigrateAsync(catalog.Catalog, new CatalogRoles(setup.Serve.Name, setup.Ingest.Name), Cancellation));
        return setup;
    }

    private sealed record Setup(SampleCatalog Catalog, LoginRole Serve, LoginRole Ingest) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Catalog.DisposeAsync();
    }
}
