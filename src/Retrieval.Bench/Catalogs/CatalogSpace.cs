using Retrieval.Inference.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;

namespace Retrieval.Bench.Catalogs;

/// <summary>An index of a catalog for one measurement, dropped afterwards.</summary>
internal sealed class CatalogSpace : IAsyncDisposable
{
    private readonly Catalog _catalog;

    private CatalogSpace(Catalog catalog, string name) => (_catalog, Name) = (catalog, name);

    public string Name { get; }

    public static async Task<CatalogSpace> MakeAsync(string connection, string bundle, CancellationToken cancellationToken)
    {
        var verified = VerifiedBundle.Read(bundle);
        var manifest = verified.Manifest;
        var space = new CatalogSpace(new Catalog(new CatalogOptions { ConnectionString = connection }), $"bench-{Guid.NewGuid():n}"[..16]);
        var schema = new IndexSchema(verified.Fingerprint, manifest.Name, manifest.EmbeddingWidth, manifest.ImageFields, manifest.CaptionFields);
        await CatalogIndexes.FindOrCreateAsync(space._catalog, space.Name, schema, cancellationToken).ConfigureAwait(false);
        return space;
    }

    public async Task<long> BytesAsync(CancellationToken cancellationToken)
    {
        var status = await CatalogStatus.ReadAsync(_catalog, cancellationToken).ConfigureAwait(false);
        return status.Indexes.Single(index => index.Index.Name == Name).Tables.Values.Sum();
    }

    public async ValueTask DisposeAsync()
    {
        await using (_catalog.ConfigureAwait(false))
        {
            await CatalogIndexes.DropAsync(_catalog, Name, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
