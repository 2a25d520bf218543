using Retrieval.Search.Queries;

namespace Retrieval.Server.Endpoints;

/// <summary>
/// Runs searches with deadlines that count from when the request's body had come: what it has waited for a place since
/// is taken off.
/// </summary>
internal sealed class TimedSearch(SearchService search, TimeProvider time)
{
    /// <summary>Runs a search of either kind.</summary>
    /// <param name="request">The request, checked.</param>
    /// <param name="since">Timestamp the deadline counts from.</param>
    /// <param name="admitted">Whether the caller has made room for it.</param>
    /// <param name="cancellationToken">Cancelled when the caller leaves or the server's own limit passes.</param>
    /// <exception cref="DeadlineExceededException">The deadline passed before there was anything to answer with.</exception>
    public async Task<SearchAnswer> RunAsync(CheckedSearch request, long since, bool admitted, CancellationToken cancellationToken)
    {
        if (request.DeadlineMs is not { } deadline)
        {
            return await SearchAsync(request, admitted, cancellationToken).ConfigureAwait(false);
        }

        var left = deadline - (int)Math.Min(deadline, time.GetElapsedTime(since).TotalMilliseconds);
        if (left == 0)
        {
            throw new DeadlineExceededException(deadline);
        }

        try
        {
            return await SearchAsync(request with { DeadlineMs = left }, admitted, cancellationToken).ConfigureAwait(false);
        }
        catch (DeadlineExceededException)
        {
            // In the caller's number, not in what was left of it.
            throw new DeadlineExceededException(deadline);
        }
    }

    private Task<SearchAnswer> SearchAsync(CheckedSearch request, bool admitted, CancellationToken cancellationToken) =>
        admitted ? search.SearchAdmittedAsync(request, cancellationToken) : search.SearchAsync(request, cancellationToken);
}
