using Retrieval.Domain.Errors;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary>
/// A local copy of a catalog's index, brought to the catalog's present state, and the first stage over both: what a replica has.
/// The folder stays locked, and the index cannot be dropped, until it is disposed of.
/// </summary>
internal sealed class CatalogCopy : IAsyncDisposable
{
    private readonly Catalog _catalog;
    private readonly CatalogFollower _follower;

    private CatalogCopy(Catalog catalog, CatalogFollower follower, FollowedIndex copied, IndexSchema schema)
    {
        (_catalog, _follower) = (catalog, follower);
        Index = LocalIndex.Open(copied.Path, schema);
        Shortlist = new CatalogShortlist(new VectorShortlist(catalog), copied.IndexId);
        Served = new ServedIndex(copied.Path, copied.Name, copied.IndexId, copied.Fingerprint);
    }

    public LocalIndex Index { get; }

    public CatalogShortlist Shortlist { get; }

    /// <summary>What a search serves of it.</summary>
    public ServedIndex Served { get; }

    /// <param name="catalog">The catalog; disposed of with the copy, or at once if none can be made.</param>
    /// <param name="name">The index; null for the active one.</param>
    /// <param name="folder">Folder of the copy. One of an earlier time is only brought up to date.</param>
    /// <param name="schemas">Schema of the index by the fingerprint of the bundle, of which the index must have been made with one.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    /// <exception cref="InvalidInputException">No index is named and none is active, or it was made with another bundle.</exception>
    /// <exception cref="CatalogException">There is no such index, or Postgres refused.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CacheLockedException">A server uses the folder.</exception>
    public static async Task<CatalogCopy> MakeAsync(Catalog catalog, string? name, string folder, IReadOnlyDictionary<string, IndexSchema> schemas, CancellationToken cancellationToken)
    {
        CatalogFollower? follower = null;
        try
        {
            await Migrator.RequireAsync(catalog, SchemaUse.Read, cancellationToken).ConfigureAwait(false);
            var found = await CatalogIndexOption.FindAsync(catalog, name, cancellationToken).ConfigureAwait(false);
            follower = new CatalogFollower(
                catalog, new FollowerOptions { CacheFolder = folder, IndexName = found.Name }, schemas);
            Printer.Note($"copying {catalog.Name}:{found.Name}");
            FollowStep step;
            do
            {
                step = await follower.StepAsync(null, cancellationToken).ConfigureAwait(false);
            }
            while (step.More);
            if (step.Refusal is { } refusal || step.Index is null)
            {
                throw new InvalidInputException(step.Refusal ?? "the index was not copied", field: "--postgres");
            }

            if (!await ShortlistIndexes.ReadyAsync(catalog, found, cancellationToken).ConfigureAwait(false))
            {
                Printer.Note($"{catalog.Name}:{found.Name} has no nearest-neighbour indexes yet: pgvector compares with every embedding, slowly and without loss");
            }

            return new CatalogCopy(catalog, follower, step.Index, schemas[step.Index.Fingerprint]);
        }
        catch
        {
            if (follower is not null)
            {
                await follower.DisposeAsync().ConfigureAwait(false);
            }

            await catalog.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Index.Dispose();
        await _follower.DisposeAsync().ConfigureAwait(false);
        await _catalog.DisposeAsync().ConfigureAwait(false);
    }
}
