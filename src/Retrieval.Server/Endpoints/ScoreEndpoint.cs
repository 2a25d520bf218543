using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Search.Queries;
using Retrieval.Server.Answers;
using Retrieval.Server.Contracts;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>Scores of given pairs.</summary>
internal static class ScoreEndpoint
{
    public static void MapScore(this IEndpointRouteBuilder routes) => routes.MapPost("/score", Score)
        .WithTags("Score")
        .WithName("Score")
        .WithSummary("The matching model's score of given pairs")
        .WithDescription("No shortlist is taken. A pair names an image by id, and a caption by its text or by its id. The score of a pair does not depend on the other pairs.")
        .Accepts<ScoreRequest>("application/json")
        .WithExample("""{ "pairs": [ { "imageId": "1000092795.jpg", "caption": "two dogs play in the snow" }, { "imageId": "1000092795.jpg", "captionId": "1000092795.jpg#0" } ] }""")
        .Produces<ScoreResponse>()
        .ProducesProblems(400, 404, 413, 415, 422, 429, 503, 504);

    private static async Task<IResult> Score(HttpContext context, RequestReader reader, SearchService search, CancellationToken cancellationToken)
    {
        var answer = await search.ScoreAsync(RequestReader.Items(reader.Read<ScoreRequest>(context).Pairs, "pairs", "an object"), cancellationToken).ConfigureAwait(false);
        return new ScoreResult(answer);
    }
}
