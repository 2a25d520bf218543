using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Batching;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Answers;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>Several searches in one request.</summary>
internal static class BatchEndpoint
{
    private const int MostQueriesAtOnce = 4;

    public static void MapBatch(this IEndpointRouteBuilder routes) => routes.MapPost("/search/batch", SearchBatch)
        .WithTags("Search")
        .WithName("SearchBatch")
        .WithSummary("Several searches of either kind")
        .WithDescription("One answer a query, in order. A query that fails has a problem in the place of its answer and does not disturb the others. Deadlines all count from the beginning of the request.")
        .Accepts<BatchRequest>("application/json")
        .WithExample("""{ "queries": [ { "caption": "two dogs play in the snow", "top": 5 }, { "imageId": "1000092795.jpg", "top": 5 } ] }""")
        .Produces<BatchResponse>()
        .ProducesProblems(400, 413, 415, 429, 503, 504);

    private static async Task<IResult> SearchBatch(
        HttpContext context,
        RequestReader reader,
        SearchService service,
        TimedSearch search,
        Problems problems,
        ServerOptions options,
        CancellationToken cancellationToken)
    {
        var queries = reader.Read<BatchRequest>(context).Queries.Select(query => Read(reader, service, query)).ToList();
        RefuseTooMany(queries.Sum(query => query.Search?.Shortlist ?? 0L), options.Limits.BatchCandidates);
        var (atOnce, cost) = AtOnce([.. queries.Select(query => query.Search?.Cost ?? 1)], options.Search);
        using var place = service.Admit(cost);
        var answers = new BatchItem[queries.Count];
        try
        {
            await Parallel.ForAsync(0, queries.Count, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (i, stop) =>
            {
                try
                {
                    answers[i] = new BatchItem(await search.RunAsync(queries[i].Search ?? throw queries[i].Fault!, context.ReceivedAt(), admitted: true, stop).ConfigureAwait(false));
                }
                catch (RetrievalException exception) when (exception is not (NotReadyException or DeviceStoppedException))
                {
                    answers[i] = new BatchItem(problems.Of(exception));
                }
            }).ConfigureAwait(false);
        }
        catch
        {
            Array.ForEach(answers, answer => answer?.Answer?.Dispose());
            throw;
        }

        return new BatchResult(answers, problems);
    }

    /// <summary>
    /// How many of a batch's queries run at a time, and what room that needs: enough to share calls of the device, too few for the
    /// next request to wait behind them all.
    /// </summary>
    /// <param name="costs">What each query asks of the device, in pairs.</param>
    /// <param name="search">Says what a search of the default size costs.</param>
    internal static (int AtOnce, long Cost) AtOnce(IReadOnlyCollection<long> costs, SearchOptions search)
    {
        var largest = costs.Max();
        var atOnce = (int)Math.Clamp(MostQueriesAtOnce * (search.DefaultShortlist + CaptionItem.CostOfOne) / largest, 1, Math.Min(MostQueriesAtOnce, costs.Count));
        return (atOnce, costs.OrderDescending().Take(atOnce).Sum());
    }

    private static (CheckedSearch? Search, InvalidInputException? Fault) Read(RequestReader reader, SearchService service, JsonElement query)
    {
        try
        {
            return (service.Check(reader.Read<BatchQuery>(query).ToSearch()), null);
        }
        catch (InvalidInputException exception)
        {
            return (null, exception);
        }
    }

    private static void RefuseTooMany(long candidates, int most)
    {
        if (candidates > most)
        {
            throw new InvalidInputException(
                string.Create(CultureInfo.InvariantCulture, $"ask for {candidates} candidates in all; expected at most {most}: lower shortlist, or send fewer at once"), field: "queries");
        }
    }
}
