using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// Prevents the index that a replica is pinned to from being dropped while the replica follows it. (The active index does not
/// need this: it cannot be dropped.) A dedicated connection holds the lock, so a replica that dies releases it.
/// </summary>
internal sealed class IndexPin(Catalog catalog) : IAsyncDisposable
{
    private CatalogLock? _lock;
    private int _indexId;

    /// <summary>
    /// Takes the pin, or checks that it is still held. An index that is being dropped at this moment is no longer pinned.
    /// </summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    public async Task HoldAsync(CatalogIndex index, CancellationToken cancellationToken)
    {
        if (_lock is not null && _indexId == index.IndexId && await _lock.IsHeldAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        await DisposeAsync().ConfigureAwait(false);
        _lock = await CatalogLock.TryShareAsync(catalog, CatalogIndexes.FollowedLock(index), cancellationToken).ConfigureAwait(false);
        _indexId = index.IndexId;
    }

    public async ValueTask DisposeAsync()
    {
        if (_lock is { } held)
        {
            _lock = null;
            await held.DisposeAsync().ConfigureAwait(false);
        }
    }
}
