using System.Globalization;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// What remains to be done after the last part of a source is stored: nearest-neighbour indexes, and activating an index.
/// </summary>
internal sealed class CatalogCompletion(Catalog catalog, CatalogIndex index, CatalogTargetOptions options)
{
    public async Task<IngestionEnd> RunAsync(IngestionStart start, long epoch, CancellationToken cancellationToken)
    {
        var parts = await CatalogParts.ListAsync(catalog, index, start.SourceKey, start.Parts, cancellationToken).ConfigureAwait(false);
        if (parts.Count(part => part.Completed && part.SourceStamp == start.SourceStamp) != start.Parts)
        {
            return new IngestionEnd(epoch) { SourceComplete = false };
        }

        if (parts.Sum(part => part.Ledger.Ingested + part.Ledger.Skipped) == 0 && parts.Sum(part => part.Ledger.Rejected) is > 0 and var rejected)
        {
            // Not built, and above all not activated: it would replace an index that has rows.
            throw new SourceRefusedException(start.SourceName, rejected, null);
        }

        if (!await BuildAsync(cancellationToken).ConfigureAwait(false))
        {
            // Another worker is building, and activates the index when it is done.
            return new IngestionEnd(epoch);
        }

        var activated = options.ActivateFirst && await CatalogIndexes.ActivateFirstAsync(catalog, index, cancellationToken).ConfigureAwait(false);
        return new IngestionEnd(epoch) { ShortlistBuilt = true, Activated = activated };
    }

    private async Task<bool> BuildAsync(CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"retrieval shortlist {index.IndexId}");
        var held = await CatalogLock.TryTakeAsync(catalog, name, cancellationToken).ConfigureAwait(false);
        if (held is null)
        {
            return false;
        }

        await using (held.ConfigureAwait(false))
        {
            if (!await ShortlistIndexes.ReadyAsync(catalog, index, cancellationToken).ConfigureAwait(false))
            {
                await ShortlistIndexes.BuildAsync(catalog, index, options.Building, cancellationToken).ConfigureAwait(false);
            }

            return true;
        }
    }
}
