using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Search.Queries;
using Retrieval.Server.Answers;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>All searches: which images fit a caption or are like an image, and which captions fit an image.</summary>
internal static class SearchEndpoints
{
    public static void MapSearch(this IEndpointRouteBuilder routes, HttpOptions http)
    {
        var search = routes.MapGroup("/search").WithTags("Search");
        search.MapPost("/images", SearchImages)
            .WithName("SearchImages")
            .WithSummary("Which images fit this caption, or are like this image")
            .WithDescription("A shortlist by coarse embeddings, reranked by the matching model. Hits are ordered by both stages, as the bundle's ranking says, or by the score alone: `rankBy`. `deadlineMs` bounds the whole request: what could not be reranked in time follows in coarse order with a null score, and `degraded` says so. With an image in the caption's place (`imageId`, or its `features`) the hits are images like it, found and ordered by the first stage alone: `score`, `scoreRank` and `rankingScore` are null. " + SearchBody.NpyText)
            .Accepts<ImageSearchRequest>("application/json", ImageBody.NpyType)
            .WithMetadata(new BodyLimit(http.MaxImageBytes))
            .WithExample("""{ "caption": "two dogs play in the snow", "top": 5, "shortlist": 200, "deadlineMs": 250, "filter": { "split": "test" } }""")
            .Produces<SearchResponse>()
            .ProducesProblems(400, 404, 413, 415, 422, 429, 503, 504);
        search.MapPost("/captions", SearchCaptions)
            .WithName("SearchCaptions")
            .WithSummary("Which captions fit this image")
            .WithDescription("The query is an image of the index, named by the id it was ingested with, or any image by its features, which are not stored. " + SearchBody.NpyText)
            .Accepts<CaptionSearchRequest>("application/json", ImageBody.NpyType)
            .WithMetadata(new BodyLimit(http.MaxImageBytes))
            .WithExample("""{ "imageId": "1000092795.jpg", "top": 5 }""")
            .Produces<SearchResponse>()
            .ProducesProblems(400, 404, 413, 415, 422, 429, 503, 504);
    }

    private static Task<IResult> SearchImages(HttpContext context, RequestReader reader, SearchService search, CancellationToken cancellationToken) =>
        AnswerAsync(context, SearchBody.Read<ImageSearchRequest>(reader, context, (request, features) => request with { Features = features }), search, cancellationToken);

    private static Task<IResult> SearchCaptions(HttpContext context, RequestReader reader, SearchService search, CancellationToken cancellationToken) =>
        AnswerAsync(context, SearchBody.Read<CaptionSearchRequest>(reader, context, (request, features) => request with { Features = features }), search, cancellationToken);

    private static async Task<IResult> AnswerAsync(HttpContext context, SearchRequest request, SearchService search, CancellationToken cancellationToken)
    {
        var answer = await search.SearchAsync(request, context.ReceivedAt(), cancellationToken).ConfigureAwait(false);
        return new SearchResult(answer);
    }
}
