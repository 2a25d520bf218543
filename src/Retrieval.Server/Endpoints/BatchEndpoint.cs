using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Batching;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
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
        RequestParser parser,
        SearchService service,
        TimedSearch search,
        Problems problems,
        ServerOptions options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var queries = parser.Batch(context.Body()).Select(query => Read(parser, query)).ToList();
        RefuseTooMany(queries.Sum(query => query.Request is null ? 0 : parser.CandidatesOf(query.Request)), options.Limits.BatchCandidates);
        var (atOnce, cost) = AtOnce(queries, parser, options.Search);
        using var place = service.Admit(cost);
        var answers = new object[queries.Count];
        var stages = new IReadOnlyList<StageTime>[queries.Count];
        await Parallel.ForAsync(0, queries.Count, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (i, stop) =>
        {
            try
            {
                var answer = await search.RunAsync(queries[i].Request ?? throw queries[i].Fault!, context.ReceivedAt(), admitted: true, stop).ConfigureAwait(false);
                (answers[i], stages[i]) = (SearchResponse.Of(answer), answer.Stages);
            }
            catch (RetrievalException exception) when (exception is not (NotReadyException or DeviceStoppedException))
            {
                (answers[i], stages[i]) = (problems.Of(exception), []);
            }
        }).ConfigureAwait(false);
        return Answers.Of(context, time, new BatchResponse(answers), stages.SelectMany(each => each));
    }

    // A few of its queries at a time: enough to share calls of the device, too few for the next request to wait behind them all.
    private static (int AtOnce, long Cost) AtOnce(List<(SearchRequest? Request, InvalidInputException? Fault)> queries, RequestParser parser, SearchOptions search)
    {
        var largest = queries.Max(query => query.Request is null ? 1 : parser.CandidatesOf(query.Request));
        var atOnce = (int)Math.Clamp(MostQueriesAtOnce * (long)search.DefaultShortlist / largest, 1, Math.Min(MostQueriesAtOnce, queries.Count));
        return (atOnce, atOnce * largest);
    }

    private static (SearchRequest? Request, InvalidInputException? Fault) Read(RequestParser parser, JsonElement query)
    {
        try
        {
            return (parser.Query(query), null);
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
