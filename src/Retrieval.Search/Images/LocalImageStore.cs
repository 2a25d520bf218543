using Retrieval.Domain.Errors;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Images;

/// <summary>Single images in a local index. The index has one writer at a time, so a running ingestion blocks this store.</summary>
public sealed class LocalImageStore(SnapshotSource snapshots) : IImageStore, IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);

    /// <inheritdoc/>
    /// <exception cref="IndexLockedException">An ingestion holds the index.</exception>
    /// <exception cref="IndexWriteException">The disk is full, or failed.</exception>
    public async Task<StoredChange> PutAsync(SearchSnapshot served, ImageRows rows, CancellationToken cancellationToken) =>
        (await WriteAsync(served, writer => writer.Append(rows) is not null, cancellationToken).ConfigureAwait(false))!;

    /// <inheritdoc/>
    /// <exception cref="IndexLockedException">An ingestion holds the index.</exception>
    /// <exception cref="IndexWriteException">The disk is full, or failed.</exception>
    public Task<StoredChange?> DeleteAsync(SearchSnapshot served, string id, CancellationToken cancellationToken) =>
        WriteAsync(served, writer => writer.Delete(id), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _writing.Dispose();

    private async Task<StoredChange?> WriteAsync(SearchSnapshot served, Func<LocalIndexWriter, bool> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(served);

        // Callers within this server wait for each other; only a writer in another process blocks them.
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long generation;
            using (var writer = LocalIndexWriter.OpenServed(served.Index))
            {
                if (!change(writer))
                {
                    return null;
                }

                generation = await writer.CommitAsync(cancellation: cancellationToken).ConfigureAwait(false);
            }

            return new StoredChange(generation, TakeUp(generation));
        }
        finally
        {
            _writing.Release();
        }
    }

    // The change is stored whatever happens here; the next check of the folder picks it up, or says why it cannot.
    private bool TakeUp(long generation)
    {
        try
        {
            snapshots.TryRefresh();
        }
        catch (Exception exception) when (exception is RetrievalException or IOException or UnauthorizedAccessException)
        {
            return false;
        }

        return snapshots.Status is { } status && status.IndexEpoch >= generation;
    }
}
