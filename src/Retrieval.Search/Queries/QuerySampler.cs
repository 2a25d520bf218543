namespace Retrieval.Search.Queries;

/// <summary>
/// Takes one answered query when someone asks for one: the next that was answered in full, with the default shortlist and
/// without a filter. Costs searches nothing while nobody asks.
/// </summary>
public sealed class QuerySampler
{
    private TaskCompletionSource<SampledQuery>? _asked;

    /// <summary>Whether someone waits for a query.</summary>
    internal bool IsWanted => Volatile.Read(ref _asked) is not null;

    /// <summary>Waits for the next query. One caller at a time.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<SampledQuery> NextAsync(CancellationToken cancellationToken)
    {
        var asked = new TaskCompletionSource<SampledQuery>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _asked, asked);
        return await asked.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hands a query to who waits; ignored if nobody does, or if another query came first.</summary>
    internal void Offer(SampledQuery query) => Interlocked.Exchange(ref _asked, null)?.TrySetResult(query);
}
