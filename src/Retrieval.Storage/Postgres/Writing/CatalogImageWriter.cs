using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// Stores and deletes single images, one transaction per call. Calls may run concurrently; the last to commit wins. Keeps a few
/// connections open between calls.
/// </summary>
/// <param name="catalog">The catalog.</param>
/// <param name="index">The index to write to.</param>
/// <param name="retry">How long to retry while Postgres is unavailable; null: a few seconds.</param>
public sealed class CatalogImageWriter(Catalog catalog, CatalogIndex index, CatalogRetry? retry = null) : IAsyncDisposable
{
    private const int MostSessions = 4;
    private readonly CatalogRetry _retry = retry ?? CatalogRetry.Short;
    private readonly SemaphoreSlim _free = new(MostSessions);
    private readonly Stack<WriterSession> _idle = new();

    /// <summary>Stores images and replaces those that have the same ids, whatever source wrote them.</summary>
    /// <param name="rows">One or more images.</param>
    /// <param name="cancellationToken">Ends the wait. It is then unknown whether the images are stored.</param>
    /// <returns>The epoch in which they become visible.</returns>
    /// <exception cref="InvalidInputException">An image cannot be stored; then none is stored.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    public Task<long> PutAsync(ImageRows rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.SourceKey is not null)
        {
            PartCheckpoint.RequireText(rows.SourceKey, "source key");
        }

        var staged = StagedBatch.Of(rows, index.Schema);
        if (staged.Faults is [var (row, image), ..])
        {
            throw new InvalidInputException(image.Reason, row: row);
        }

        var what = $"storing image '{(rows.Images is [var first, ..] ? first.Id : "")}' in index {index.Name}";
        // Storing the same content again changes nothing, so an attempt that got no reply is simply repeated.
        return UseAsync(what, async (session, cancellation) =>
        {
            int? sourceNo = staged.SourceKey is null ? null : await PartCheckpoint.SourceAsync(session, index, staged.SourceKey, cancellation).ConfigureAwait(false);
            var outcome = await new BatchTransaction(session, index).RunAsync(staged, sourceNo, replace: true, step: null, cancellation).ConfigureAwait(false);
            return outcome.Epoch;
        }, cancellationToken);
    }

    /// <summary>Deletes an image. Its row stays as a tombstone, so that replicas learn of the deletion.</summary>
    /// <returns>The epoch in which it disappears; null if it did not exist.</returns>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or the index is gone.</exception>
    public async Task<long?> DeleteAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!ImageLookup.CanBeHeld(id))
        {
            return null;
        }

        var token = Guid.NewGuid();
        return await UseAsync($"deleting image '{id}' of index {index.Name}", async (session, cancellation) =>
            await new Deletion(session, index).RunAsync(id, token, cancellation).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connections that were kept open.</summary>
    public async ValueTask DisposeAsync()
    {
        while (Take() is { } session)
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }

        _free.Dispose();
    }

    private async Task<T> UseAsync<T>(string what, Func<WriterSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        string? former = null;
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _retry.RunAsync(async cancellation =>
            {
                WriterSession? session = null;
                try
                {
                    session = (former is null ? Take() : null) ?? await WriterSession.OpenAsync(catalog, former, cancellation).ConfigureAwait(false);
                    var result = await work(session, cancellation).ConfigureAwait(false);
                    Keep(session);
                    return result;
                }
                catch (Exception exception)
                {
                    var broken = session is null || session.Broken;
                    former = session?.Tag ?? former;
                    if (session is not null)
                    {
                        await session.DisposeAsync().ConfigureAwait(false);
                    }

                    if (!WriterSession.IsFailure(exception, broken))
                    {
                        throw;
                    }

                    cancellation.ThrowIfCancellationRequested();
                    throw WriterSession.Translate(what, index, exception);
                }
            }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    private WriterSession? Take()
    {
        lock (_idle)
        {
            return _idle.TryPop(out var session) ? session : null;
        }
    }

    private void Keep(WriterSession session)
    {
        lock (_idle)
        {
            _idle.Push(session);
        }
    }
}
