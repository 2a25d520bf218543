using Retrieval.Postgres.TestKit;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Search.Tests.Ingestion;

/// <summary>A catalog of a test's own, and a folder for its source and a local index.</summary>
public abstract class CatalogIngestionTest : IAsyncLifetime
{
    private TestDatabase _database = null!;

    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected IndexFolder Folder { get; } = new();

    private protected Catalog Catalog { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(Cancelled);
        Catalog = new Catalog(new CatalogOptions { ConnectionString = _database.OwnerConnectionString });
        await Migrator.MigrateAsync(Catalog, null, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        await Catalog.DisposeAsync();
        await _database.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<CatalogIndex> IndexAsync(string name = "blue") => CatalogIndexes.FindOrCreateAsync(Catalog, name, IndexBinding.SchemaOf(Bundle.Model), Cancelled);
}
