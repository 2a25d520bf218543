using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Search.Ingestion;

/// <summary>What is left to do once the last part of a source is stored: nearest-neighbour indexes, and an index to serve.</summary>
internal sealed class CatalogCompletion(Catalog catalog, CatalogIndex index)
{
    public async Task<IngestionEnd> RunAsync(IngestionStart start, long epoch, CancellationToken cancellationToken)
    {
        var parts = await CatalogParts.ListAsync(catalog, index, start.SourceKey, start.Parts, cancellationToken).ConfigureAwait(false);
        var complete = parts.Count(part => part.Completed && part.SourceStamp == start.SourceStamp) == start.Parts;
        if (!complete)
        {
            return new IngestionEnd(epoch) { SourceComplete = false };
        }

        var activated = await CatalogIndexes.ActivateFirstAsync(catalog, index, cancellationToken).ConfigureAwait(false);
        return new IngestionEnd(epoch) { Activated = activated };
    }
}
