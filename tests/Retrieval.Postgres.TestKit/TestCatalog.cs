using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.TestKit;
using Xunit;

namespace Retrieval.Postgres.TestKit;

/// <summary>A migrated database of one test's own, used as its owner, who is no superuser; and a folder for its replicas.</summary>
public sealed class TestCatalog : IAsyncDisposable
{
    /// <summary>Limit of commands that prepare a test, in seconds.</summary>
    public const int PatientSeconds = 120;

    private readonly PrivateServer? _server;
    private readonly int _commandSeconds;

    private TestCatalog(TestDatabase database, PrivateServer? server, int commandSeconds)
    {
        Database = database;
        _server = server;
        _commandSeconds = commandSeconds;
        Catalog = Connect();
    }

    /// <summary>The database.</summary>
    public TestDatabase Database { get; }

    /// <summary>Connected as the owner.</summary>
    public Catalog Catalog { get; }

    /// <summary>Goes with the catalog.</summary>
    public TemporaryFolder Folder { get; } = new();

    /// <summary>Its server, to be stopped, frozen and filled.</summary>
    /// <exception cref="InvalidOperationException">It is on the shared server, which nobody harms.</exception>
    public PrivateServer Server => _server ?? throw new InvalidOperationException("on the shared server, which nobody harms");

    /// <summary>On the server that all tests share, or on one that the caller has started and keeps.</summary>
    /// <param name="server">The caller's server; left out, the shared one.</param>
    /// <param name="commandSeconds">Most a command may take, in seconds.</param>
    /// <param name="roles">Roles that the migration grants to; left out, none.</param>
    public static async Task<TestCatalog> CreateAsync(PrivateServer? server = null, int commandSeconds = 30, CatalogRoles? roles = null)
    {
        var database = server is null ? await TestDatabase.CreateAsync(TestContext.Current.CancellationToken) : await server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        return await MigratedAsync(new TestCatalog(database, null, commandSeconds), roles);
    }

    /// <summary>On a server of its own, which goes with it.</summary>
    public static async Task<TestCatalog> OnItsOwnServerAsync(PrivateServerOptions? options = null)
    {
        var server = await PrivateServer.StartAsync(options);
        return await MigratedAsync(new TestCatalog(await server.CreateDatabaseAsync(), server, 30), null);
    }

    /// <summary>A pool of connections to any database, with short limits. Connecting takes a busy machine more than the usual five seconds.</summary>
    public static Catalog Open(string connectionString, int commandSeconds = 30) =>
        new(new CatalogOptions { ConnectionString = connectionString, ConnectSeconds = 10, CommandSeconds = commandSeconds });

    /// <summary>Another pool of connections: after a restart those of the first are dead until they have been tried.</summary>
    public Catalog Connect() => Open(Database.OwnerConnectionString, _commandSeconds);

    /// <summary>Executes statements as a superuser.</summary>
    public Task ExecuteAsync(string sql) => Database.ExecuteAsAdminAsync(sql, TestContext.Current.CancellationToken);

    /// <summary>Undoes migration 0003: the schema as programs of version 2 know it.</summary>
    public Task BackToVersionTwoAsync() => ExecuteAsync("""
        drop table retrieval.compatibility;
        alter table retrieval.run drop column findings;
        delete from retrieval.migration where version = 3
        """);

    /// <summary>Asks for one value as a superuser.</summary>
    public Task<T?> AskAsync<T>(string sql) => Database.AskAsAdminAsync<T>(sql, TestContext.Current.CancellationToken);

    /// <summary>Waits until a question is answered with yes.</summary>
    public Task UntilAsync(string sql) => Eventually.TrueAsync(async () => await AskAsync<bool>(sql), sql);

    /// <summary>Drops the database, and ends the server if it is its own.</summary>
    public async ValueTask DisposeAsync()
    {
        await Catalog.DisposeAsync();
        await using (var pool = new NpgsqlConnection(Database.OwnerConnectionString))
        {
            NpgsqlConnection.ClearPool(pool);
        }

        await Database.DisposeAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Folder.Dispose();
    }

    private static async Task<TestCatalog> MigratedAsync(TestCatalog catalog, CatalogRoles? roles)
    {
        // Short limits are for what is tested.
        await using var patient = Open(catalog.Database.OwnerConnectionString, PatientSeconds);
        await Migrator.MigrateAsync(patient, roles, TestContext.Current.CancellationToken);
        return catalog;
    }
}
