using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Retrieval.Search.Queries;
using Retrieval.Server.Contracts;
using Retrieval.Server.OpenApi;

namespace Retrieval.Server.Endpoints;

/// <summary>One image of the index.</summary>
internal static class ImageEndpoint
{
    private const int SegmentsBeforeId = 3;

    public static void MapImages(this IEndpointRouteBuilder routes) => routes.MapGet("/images/{**id}", GetImage)
        .WithTags("Images")
        .WithName("GetImage")
        .WithSummary("One image as the index holds it")
        .WithDescription("Its captions, metadata and region boxes. The id is percent-encoded and may hold any character, slashes among them.")
        .Produces<ImageDetails>()
        .ProducesProblems(404, 429, 503, 504);

    private static JsonHttpResult<ImageDetails> GetImage(HttpContext context, string? id, SearchService search) =>
        TypedResults.Json(search.GetImage(IdOf(context, id ?? "")), WireJson.Options);

    /// <summary>
    /// The id as the caller wrote it. The route's value will not do: the server decodes all of a path but encoded
    /// slashes, after which <c>%2F</c> as part of an id and <c>%2F</c> for a slash look the same.
    /// </summary>
    private static string IdOf(HttpContext context, string routeValue)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.AsSpan(0, target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var end ? end : target.Length);
        if (path.IsEmpty || path[0] != '/')
        {
            // The absolute form of proxies.
            return Uri.UnescapeDataString(routeValue);
        }

        for (var segment = 0; segment < SegmentsBeforeId; segment++)
        {
            // Without a slash there is no id: /v1/images as it stands.
            path = path.IndexOf('/') is >= 0 and var slash ? path[(slash + 1)..] : [];
        }

        return Uri.UnescapeDataString(path);
    }
}
