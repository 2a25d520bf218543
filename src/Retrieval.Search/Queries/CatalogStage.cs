using Retrieval.Domain.Images;
using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Searching;

namespace Retrieval.Search.Queries;

/// <summary>
/// First stage that uses the catalog's nearest-neighbour indexes, for a bounded time: if the catalog fails or is late, the
/// caller takes the exact shortlist over its own index instead.
/// </summary>
/// <param name="catalog">The database.</param>
/// <param name="link">Says whether to ask the catalog; informed of failures.</param>
/// <param name="timeout">Longest wait of one query.</param>
/// <param name="metrics">Counts missing candidates and fallbacks.</param>
/// <param name="time">Measures the wait.</param>
public sealed class CatalogStage(Catalog catalog, CatalogCircuitBreaker link, TimeSpan timeout, SearchMetrics metrics, TimeProvider time)
{
    private const int MostUnfollowed = 16;

    private readonly VectorShortlist _vectors = new(catalog);

    /// <summary>The best candidates with their exact scores; null if the catalog did not answer in time, or lacks rows that the replica has.</summary>
    /// <param name="snapshot">What is served from the catalog.</param>
    /// <param name="items">Images or captions.</param>
    /// <param name="query">The query's embedding; must not be changed or freed even afterwards: a late answer is read against it.</param>
    /// <param name="count">Number of candidates.</param>
    /// <param name="filter">Conditions on the images' metadata; null for none.</param>
    /// <param name="left">Time the request has left; this waits for at most half of it, so that the fallback has the other half.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects.</param>
    public async Task<CatalogShortlistResult?> TryFindAsync(
        SearchSnapshot snapshot,
        CatalogItems items,
        ReadOnlyMemory<float> query,
        int count,
        IReadOnlyDictionary<string, MetadataCondition>? filter,
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
            // Not the query's own completion: a frozen server does not even process a cancellation, and giving up the connection
            // takes longer than a caller should wait.
            var found = await asked.WaitAsync(longest, time, cancellationToken).ConfigureAwait(false);
            link.InTime();
            metrics.ShortlistMissed(found.Missing);
            if (filter is not null || !LacksRows(snapshot.Index, items, found, count))
            {
                return found;
            }
        }
        catch (CatalogUnavailableException)
        {
            link.Failed();
        }
        catch (CatalogException)
        {
            // It answers. If it has no answer to this query (the index was dropped, for example), that does not affect other queries.
            link.InTime();
        }
        catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A short deadline of the caller says nothing about the catalog.
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

    /// <summary>
    /// Whether an answer without a filter is too short to be used. A catalog that is being restored, or has lost rows, answers with
    /// few rows or none. The replica knows how many there should be, give or take deletions that it has not followed yet. How many
    /// of its rows match a filter it does not know without reading all metadata, so filtered answers are used as they are.
    /// </summary>
    internal static bool LacksRows(LocalIndex index, CatalogItems items, CatalogShortlistResult found, int count)
    {
        var own = Math.Min(count, (items == CatalogItems.Images ? index.Images : index.Captions).Count);
        var lacking = own - found.Hits.Length - found.Damaged.Count - found.Missing;
        return lacking > Math.Max(MostUnfollowed, own / 10) || (lacking > 0 && lacking == own);
    }

    // Holds the lease until the query is answered: its answer is read against the index's mapped embeddings.
    private async Task<CatalogShortlistResult> AskAsync(
        SearchSnapshot leased,
        CatalogShortlist shortlist,
        CatalogItems items,
        ReadOnlyMemory<float> query,
        int count,
        IReadOnlyDictionary<string, MetadataCondition>? filter,
        TimeSpan longest)
    {
        using (leased)
        using (var late = new CancellationTokenSource(longest, time))
        {
            return await shortlist.FindAsync(leased.Index, items, query, count, filter, late.Token).ConfigureAwait(false);
        }
    }
}
