using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Queries;

/// <summary>
/// Several searches in one request, admitted once. A query that fails does not affect the others; a fault common to all of
/// them, such as that nothing is loaded, fails the whole request.
/// </summary>
/// <param name="service">Answers each query.</param>
/// <param name="mostCandidates">Most candidates of all queries together.</param>
public sealed class BatchSearch(SearchService service, int mostCandidates)
{
    private const int MostAtOnce = 4;

    /// <summary>Answers all queries.</summary>
    /// <param name="queries">At least one.</param>
    /// <param name="since">Timestamp of the process's clock when the request arrived; all deadlines count from it.</param>
    /// <param name="cancellationToken">Cancelled when the caller disconnects.</param>
    /// <returns>One outcome per query, in their order. Dispose of the answers.</returns>
    /// <exception cref="InvalidInputException">Together they ask for too many candidates.</exception>
    /// <exception cref="OverloadedException">The queue is full; nothing was done.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="DeviceStoppedException">The device accepts no more work.</exception>
    public async Task<BatchOutcome[]> SearchAsync(IReadOnlyList<BatchEntry> queries, long since, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queries);
        var limited = queries.Select(query => Limit(query, since)).ToList();
        RefuseTooMany(limited.Sum(query => (long)(query.Limits?.Pairs ?? 0)));
        var (atOnce, cost) = AtOnce([.. limited.Select(query => query.Limits?.Cost ?? 1)], service.UsualShortlist + CaptionItem.CostOfOne);
        using var permit = service.Admit(cost, limited.Sum(query => query.Limits?.Cost ?? 1));
        var outcomes = new BatchOutcome[limited.Count];
        try
        {
            await Parallel.ForAsync(0, limited.Count, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (i, stop) =>
            {
                var (limits, fault) = limited[i];
                try
                {
                    outcomes[i] = limits is null
                        ? new BatchOutcome(null, fault)
                        : new BatchOutcome(await service.SearchAsync(queries[i].Request!, limits, permit, stop).ConfigureAwait(false), null);
                }
                catch (RetrievalException exception) when (exception is not (NotReadyException or DeviceStoppedException))
                {
                    outcomes[i] = new BatchOutcome(null, exception);
                }
            }).ConfigureAwait(false);
        }
        catch
        {
            Array.ForEach(outcomes, outcome => outcome.Answer?.Dispose());
            throw;
        }

        return outcomes;
    }

    /// <summary>
    /// How many of a request's queries run at a time, and the cost to admit for that: enough queries to share batches of the
    /// device, but few enough that the next request does not wait for all of them.
    /// </summary>
    /// <param name="costs">What each query asks of the device, in pairs.</param>
    /// <param name="usual">What a search of the default size asks of it.</param>
    internal static (int AtOnce, long Cost) AtOnce(IReadOnlyCollection<long> costs, long usual)
    {
        var largest = costs.Max();
        var atOnce = (int)Math.Clamp(MostAtOnce * usual / largest, 1, Math.Min(MostAtOnce, costs.Count));
        return (atOnce, costs.OrderDescending().Take(atOnce).Sum());
    }

    private (RequestLimits? Limits, InvalidInputException? Fault) Limit(BatchEntry query, long since)
    {
        try
        {
            return query.Request is { } request ? (service.LimitsOf(request, since), null) : (null, query.Fault);
        }
        catch (InvalidInputException exception)
        {
            return (null, exception);
        }
    }

    private void RefuseTooMany(long candidates)
    {
        if (candidates > mostCandidates)
        {
            throw new InvalidInputException(
                string.Create(CultureInfo.InvariantCulture, $"ask for {candidates} candidates in all; expected at most {mostCandidates}: lower shortlist, or send fewer at once"), field: "queries");
        }
    }
}
