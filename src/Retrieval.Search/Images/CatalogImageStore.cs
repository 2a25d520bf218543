using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Images;

/// <summary>Single images in the catalog. A stored image reaches all replicas, and this one before the caller is answered.</summary>
/// <param name="catalog">The database.</param>
/// <param name="state">Makes this replica check the catalog, and says what it serves.</param>
/// <param name="wait">Longest wait until this replica serves what was stored.</param>
/// <param name="time">Measures the wait.</param>
public sealed class CatalogImageStore(Catalog catalog, FollowState state, TimeSpan wait, TimeProvider time) : IImageStore, IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private readonly Dictionary<int, CatalogImageWriter> _open = [];

    /// <inheritdoc/>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public async Task<StoredChange> PutAsync(SearchSnapshot served, ImageRows rows, CancellationToken cancellationToken)
    {
        var images = await OpenAsync(served, cancellationToken).ConfigureAwait(false);
        return await SeeAsync(served, await images.PutAsync(rows, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public async Task<StoredChange?> DeleteAsync(SearchSnapshot served, string id, CancellationToken cancellationToken)
    {
        var images = await OpenAsync(served, cancellationToken).ConfigureAwait(false);
        return await images.DeleteAsync(id, cancellationToken).ConfigureAwait(false) is { } epoch
            ? await SeeAsync(served, epoch, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var images in _open.Values)
        {
            await images.DisposeAsync().ConfigureAwait(false);
        }

        _opening.Dispose();
    }

    private async Task<StoredChange> SeeAsync(SearchSnapshot served, long epoch, CancellationToken cancellationToken) =>
        new(epoch, await state.ReachAsync(served.Served!.IndexId, epoch, wait, time, cancellationToken).ConfigureAwait(false));

    private async Task<CatalogImageWriter> OpenAsync(SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var served = snapshot.Served ?? throw new ArgumentException("the snapshot is of no index of the catalog", nameof(snapshot));
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_open.TryGetValue(served.IndexId, out var images))
            {
                return images;
            }

            var index = await CatalogIndexes.FindAsync(catalog, served.Name, cancellationToken).ConfigureAwait(false);
            if (index?.IndexId != served.IndexId)
            {
                throw new CatalogException($"index {served.Name}", CatalogFault.Index, "it is no longer in the catalog; this replica serves its copy until another index is activated");
            }

            // Writers of a previously served index stay open (a few idle connections): a request may still be using them.
            return _open[served.IndexId] = new CatalogImageWriter(catalog, index);
        }
        finally
        {
            _opening.Release();
        }
    }
}
