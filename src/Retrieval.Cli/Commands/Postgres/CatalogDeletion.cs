using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary>Deletes images of a catalog's index; replicas follow.</summary>
internal static class CatalogDeletion
{
    public static async Task<Deletion> RunAsync(Catalog catalog, string? name, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        await using (catalog.ConfigureAwait(false))
        {
            var index = await CatalogIndexOption.FindAsync(catalog, name, cancellationToken).ConfigureAwait(false);
            var before = await CountAsync(catalog, index, cancellationToken).ConfigureAwait(false);
            var unknown = new List<string>();
            var images = new CatalogImageWriter(catalog, index);
            await using (images.ConfigureAwait(false))
            {
                foreach (var id in ids)
                {
                    if (await images.DeleteAsync(id, cancellationToken).ConfigureAwait(false) is null)
                    {
                        unknown.Add(id);
                    }
                }
            }

            var after = await CountAsync(catalog, index, cancellationToken).ConfigureAwait(false);
            return new Deletion($"{catalog.Name}:{index.Name}", after.Index.Epoch, ids.Count - unknown.Count, before.Captions - after.Captions, after.Images, unknown) { Catalog = true };
        }
    }

    private static async Task<IndexStatus> CountAsync(Catalog catalog, CatalogIndex index, CancellationToken cancellationToken)
    {
        var status = await CatalogStatus.ReadAsync(catalog, cancellationToken).ConfigureAwait(false);
        return status.Indexes.Single(of => of.Index.IndexId == index.IndexId);
    }
}
