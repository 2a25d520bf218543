using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>
/// Whether an index may be activated: replicas switch to it within seconds, and half an index gives half the answers. Cheap for
/// indexes of any size.
/// </summary>
public static class IndexCompleteness
{
    /// <summary>Why an index is not complete; null if it is.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or has no schema.</exception>
    public static Task<string?> WhyNotAsync(Catalog catalog, CatalogIndex index, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        return catalog.UseAsync($"looking at index {index.Name}", async (connection, cancellation) =>
        {
            if (!await connection.AskAsync<bool>("select exists (select from retrieval.image where index_id = $1 and not deleted)", [index.IndexId], cancellation).ConfigureAwait(false))
            {
                return "it has no images";
            }

            var ledger = await CatalogStatus.LedgerAsync(connection, index, cancellation).ConfigureAwait(false);
            if (ledger.GroupBy(part => (part.Entry.SourceKey, part.Parts)).FirstOrDefault(parts => parts.Count(part => part.Entry.Completed) < parts.Key.Parts) is { } open)
            {
                return $"{open.Count(part => part.Entry.Completed)} of {open.Key.Parts} parts of {open.Key.SourceKey} are stored";
            }

            var nearest = await CatalogStatus.NearestAsync(connection, index, cancellation).ConfigureAwait(false);
            return nearest.Count == 0 ? "its nearest-neighbour indexes are not built" : null;
        }, cancellationToken);
    }
}
