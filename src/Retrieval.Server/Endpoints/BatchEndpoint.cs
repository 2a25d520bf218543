using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Server.Answers;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>Several searches in one request.</summary>
internal static class BatchEndpoint
{
    public static void MapBatch(this IEndpointRouteBuilder routes) => routes.MapPost("/search/batch", SearchBatch)
        .WithTags("Search")
        .WithName("SearchBatch")
        .WithSummary("Several searches of either kind")
        .WithDescription("One answer a query, in order. A query that fails has a problem instead of an answer and does not affect the others. All deadlines count from the beginning of the request.")
        .Accepts<BatchRequest>("application/json")
        .WithExample("""{ "queries": [ { "caption": "two dogs play in the snow", "top": 5 }, { "imageId": "1000092795.jpg", "top": 5 } ] }""")
        .Produces<BatchResponse>()
        .ProducesProblems(400, 413, 415, 429, 503, 504);

    private static async Task<IResult> SearchBatch(
        HttpContext context,
        RequestReader reader,
        BatchSearch search,
        Problems problems,
        CancellationToken cancellationToken)
    {
        var queries = reader.Read<BatchRequest>(context).Queries.Select(query => Read(reader, query)).ToList();
        var outcomes = await search.SearchAsync(queries, context.ReceivedAt(), cancellationToken).ConfigureAwait(false);
        return new BatchResult(Array.ConvertAll(outcomes, outcome => outcome.Answer is { } answer ? new BatchItem(answer) : new BatchItem(problems.Of(outcome.Fault!))), problems);
    }

    private static BatchEntry Read(RequestReader reader, JsonElement query)
    {
        try
        {
            return new BatchEntry(reader.Read<BatchQuery>(query).ToSearch());
        }
        catch (InvalidInputException exception)
        {
            return new BatchEntry(exception);
        }
    }
}
