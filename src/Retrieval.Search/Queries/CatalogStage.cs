using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Queries;

/// <summary>
/// The first stage by the catalog's nearest-neighbour indexes, for a bounded time: where the catalog fails or is late, the
/// caller takes the exact shortlist over its own index instead.
/// </summary>
/// <param name="catalog">The database.</param>
/// <param name="link">Whether it is worth asking; told of failures.</param>
/// <param name="timeout">Longest wait of one query.</param>
/// <param name="metrics">Counts what was missing and what fell back.</param>
/// <param name="time">Measures the wait.</param>
public sealed class CatalogStage(Catalog catalog, CatalogCircuitBreaker link, TimeSpan timeout, SearchMetrics metrics, TimeProvider time)
{
    private readonly VectorShortlist _vectors = new(catalog);

    /// <summary>The best candidates with their exact scores; null if the catalog did not answer in time.</summary>
    /// <param name="snapshot">What is served, of the catalog.</param>
    /// <param name="items">Images or captions.</param>
    /// <param name="query">The query's embedding; not to be changed or freed, whatever this gives: a late answer is still read against it.</param>
    /// <param name="count">How many.</param>
    /// <param name="filter">Conditions on the images' metadata; null for none.</param>
    /// <param name="left">Time the request has left; half of it is the most that is waited, so that the fallback has the other.</param>
    /// <param name="cancellationToken">Cancelled when the caller leaves.</param>
    public async Task<CatalogShortlistResult?> TryFindAsync(
        SearchSnapshot snapshot,
        CatalogItems items,
        ReadOnlyMemory<float> query,
        int count,
        IReadOnlyDictionary<string, IReadOnlyList<string>>? filter,
        TimeSpan? left,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (!link.MayAsk || snapshot.Served is not { } served || !snapshot.TryLease())
        {
            metrics.ShortlistFellBack();
            return null;
        }

        var longest = left / 2 is { } half && half < timeout ? half : timeout;
        var asked = AskAsync(snapshot, new CatalogShortlist(_vectors, served.IndexId), items, query, count, filter, longest);
        try
        {
            // Not the question's own end: a server that is frozen does not even take a cancellation, and giving up the
            // connection takes longer than a caller should wait.
            var found = await asked.WaitAsync(longest, time, cancellationToken).ConfigureAwait(false);
            link.InTime();
            metrics.ShortlistMissed(found.Missing);
            return found;
        }
        catch (CatalogUnavailableException)
        {
            link.Failed();
        }
        catch (CatalogException)
        {
            // It answers. That it has no answer to this question, the index being dropped, say, concerns no other.
            link.InTime();
        }
        catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A caller in a hurry says nothing about the catalog.
            if (longest == timeout)
            {
                link.Late();
            }
        }
        finally
        {
            _ = asked.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        metrics.ShortlistFellBack();
        return null;
    }

    // Holds the lease for as long as the question is out: its answer is read against the index's mapped embeddings.
    private async Task<CatalogShortlistResult> AskAsync(
        SearchSnapshot leased,
        CatalogShortlist shortlist,
        CatalogItems items,
        ReadOnlyMemory<float> query,
        int count,
        IReadOnlyDictionary<string, IReadOnlyList<string>>? filter,
        TimeSpan longest)
    {
        using (leased)
        using (var late = new CancellationTokenSource(longest, time))
        {
            return await shortlist.FindAsync(leased.Index, items, query, count, filter, late.Token).ConfigureAwait(false);
        }
    }
}
