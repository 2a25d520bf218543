using Retrieval.Postgres.TestKit;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>A migrated database of one test's own, and folders for its replicas.</summary>
internal sealed class TestCatalog : IAsyncDisposable
{
    private readonly PrivateServer? _server;

    private TestCatalog(TestDatabase database, PrivateServer? server)
    {
        Database = database;
        _server = server;
        Catalog = Connect();
    }

    public TestDatabase Database { get; }

    /// <summary>Connected as the owner.</summary>
    public Catalog Catalog { get; }

    /// <summary>Another pool of connections: after a restart those of the first are dead until they have been tried.</summary>
    public Catalog Connect() => new(new CatalogOptions { ConnectionString = Database.OwnerConnectionString });

    public PrivateServer Server => _server ?? throw new InvalidOperationException("on the shared server, which nobody harms");

    public Folder Folder { get; } = new();

    /// <summary>On the server that all tests share.</summary>
    public static async Task<TestCatalog> CreateAsync() => await MigratedAsync(await TestDatabase.CreateAsync(), null);

    /// <summary>On a server of its own, to be stopped, frozen and filled.</summary>
    public static async Task<TestCatalog> OnItsOwnServerAsync(PrivateServerOptions? options = null)
    {
        var server = await PrivateServer.StartAsync(options);
        return await MigratedAsync(await server.CreateDatabaseAsync(), server);
    }

    public ValueTask<RunningServer> ServeAsync(string name = "replica", string? bundle = null, string? connection = null) =>
        ServeAsync(RunningServer.Options(bundle ?? Repository.Bundle, Folder.File(name), connection ?? Database.OwnerConnectionString));

    public static async ValueTask<RunningServer> ServeAsync(Configuration.ServerOptions options) => await (await RunningServer.StartAsync(options)).ReadyAsync();

    public async ValueTask DisposeAsync()
    {
        await Catalog.DisposeAsync();
        await Database.DisposeAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Folder.Dispose();
    }

    private static async Task<TestCatalog> MigratedAsync(TestDatabase database, PrivateServer? server)
    {
        var catalog = new TestCatalog(database, server);
        await Migrator.MigrateAsync(catalog.Catalog);
        return catalog;
    }
}
