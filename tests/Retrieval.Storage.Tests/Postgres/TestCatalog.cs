using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Storage.CrashHost;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Storage.Tests.Postgres;

/// <summary>A migrated database with one index of the sample corpus, used as its owner, who is no superuser.</summary>
internal sealed class TestCatalog : IAsyncDisposable
{
    private TestCatalog(TestDatabase database, Catalog catalog, CatalogIndex index)
    {
        Database = database;
        Catalog = catalog;
        Index = index;
    }

    public TestDatabase Database { get; }

    public Catalog Catalog { get; }

    public CatalogIndex Index { get; }

    public static async Task<TestCatalog> CreateAsync(PrivateServer? server = null, IndexSchema? schema = null, int commandSeconds = 30, CatalogRoles? roles = null)
    {
        var database = server is null ? await TestDatabase.CreateAsync(TestContext.Current.CancellationToken) : await server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        var catalog = Open(database.OwnerConnectionString, commandSeconds);
        await Migrator.MigrateAsync(catalog, roles, TestContext.Current.CancellationToken);
        return new TestCatalog(database, catalog, await CatalogIndexes.FindOrCreateAsync(catalog, "sample", schema ?? SampleCorpus.Schema, TestContext.Current.CancellationToken));
    }

    public static Catalog Open(string connectionString, int commandSeconds = 30) =>
        new(new CatalogOptions { ConnectionString = connectionString, ConnectSeconds = 2, CommandSeconds = commandSeconds });

    public Task ExecuteAsync(string sql) => Database.ExecuteAsAdminAsync(sql, TestContext.Current.CancellationToken);

    public Task<T?> AskAsync<T>(string sql) => Database.AskAsAdminAsync<T>(sql, TestContext.Current.CancellationToken);

    public Task<long> EpochAsync() => EpochOfAsync("sample");

    public Task<long> EpochOfAsync(string index) => AskAsync<long>($"select epoch from retrieval.index where name = '{index}'");

    /// <summary>Waits until a question is answered with yes.</summary>
    public async Task UntilAsync(string sql)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await AskAsync<bool>(sql))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"not within 30 seconds: {sql}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Catalog.DisposeAsync();
        await using (var pool = new NpgsqlConnection(Database.OwnerConnectionString))
        {
            NpgsqlConnection.ClearPool(pool);
        }

        await Database.DisposeAsync();
    }
}
