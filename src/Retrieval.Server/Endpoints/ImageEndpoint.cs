using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Errors;
using Retrieval.Search.Images;
using Retrieval.Server.Answers;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;
using Retrieval.Server.Limits;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>One image of the index.</summary>
internal static class ImageEndpoint
{
    private const string Route = "/images/{**id}";
    private const string IdField = "id";
    private const string IdText = "The image's id, percent-encoded";
    private const string CaptionText = "Captions for a `.npy` body, in order; with JSON they are in the body";
    private const int SegmentsBeforeId = 3;

    public static void MapImages(this IEndpointRouteBuilder routes, HttpOptions http)
    {
        routes.MapGet(Route, GetImage)
            .WithTags("Images")
            .WithName("GetImage")
            .WithSummary("One image as the index holds it")
            .WithDescription("Its captions, metadata and region boxes. The id is percent-encoded and may hold any character, slashes among them.")
            .Produces<ImageDetails>()
            .ProducesProblems(404, 422, 429, 503, 504);
        routes.MapPut(Route, PutImage)
            .RequireWriteLimit()
            .WithTags("Images")
            .WithName("PutImage")
            .WithSummary("Stores one image, replacing any image of the same id")
            .WithDescription("Checked and encoded as an ingestion does it, and seen by this replica's searches before the answer is sent; `visible` says so. As `application/x-npy` the body is the features, and captions come as `caption` parameters of the query, one each.")
            .Accepts<ImageRequest>("application/json", ImageBody.NpyType)
            .WithMetadata(new BodyLimit(http.MaxImageBytes))
            .WithExample("""{ "features": "AACAPwAAAEA=", "captions": ["two dogs play in the snow"], "metadata": { "split": "test" } }""")
            .Produces<ImageChangeResponse>()
            .Produces<ImageChangeResponse>(201)
            .ProducesProblems(400, 403, 409, 413, 415, 422, 429, 503, 504, 507);
        routes.MapDelete(Route, DeleteImage)
            .RequireWriteLimit()
            .WithTags("Images")
            .WithName("DeleteImage")
            .WithSummary("Deletes one image and its captions")
            .WithDescription("Its id is free from then on; `visible` says whether this replica's searches know it already.")
            .Produces<ImageChangeResponse>()
            .ProducesProblems(403, 404, 409, 429, 503, 504, 507);
    }

    private static async Task<IResult> PutImage(HttpContext context, [Description(IdText)] string? id, [FromQuery, Description(CaptionText)] string[]? caption, RequestReader reader, ImageService images, CancellationToken cancellationToken)
    {
        var name = IdOf(context);
        if (context.RawBody() is null && caption is { Length: > 0 })
        {
            throw new InvalidInputException("expected captions in the body; the query has them only with a .npy body", field: nameof(caption));
        }

        PercentEncoding.CheckQuery(context.Request.QueryString.Value, context.RawBody() is null ? [] : [nameof(caption)]);
        var submitted = context.RawBody() is { } raw ? ImageBody.Of(name, raw, caption ?? []) : ImageBody.Of(name, reader.Read<ImageRequest>(context));
        var change = await images.PutAsync(submitted, cancellationToken).ConfigureAwait(false);
        if (change.Kind != ImageChangeKind.Created)
        {
            return new WholeJson<ImageChangeResponse>(ImageChangeResponse.Of(change));
        }

        context.Response.Headers.Location = $"/v1/images/{Uri.EscapeDataString(name)}";
        return new WholeJson<ImageChangeResponse>(ImageChangeResponse.Of(change), StatusCodes.Status201Created);
    }

    private static async Task<IResult> DeleteImage(HttpContext context, [Description(IdText)] string? id, ImageService images, CancellationToken cancellationToken) =>
        new WholeJson<ImageChangeResponse>(ImageChangeResponse.Of(await images.DeleteAsync(IdOf(context), cancellationToken).ConfigureAwait(false)));

    private static ImageResult GetImage(HttpContext context, [Description(IdText)] string? id, ImageReader images) => new ImageResult(images.Open(IdOf(context)));

    /// <summary>
    /// The id as the caller wrote it. The route's value is not usable: the server decodes everything in a path except encoded
    /// slashes, so that <c>%2F</c> as part of an id and <c>%2F</c> for a slash look the same.
    /// </summary>
    private static string IdOf(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.AsSpan(0, target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var end ? end : target.Length);
        if (path.IsEmpty || path[0] != '/')
        {
            // The absolute form of proxies: scheme and host come first.
            path = path.IndexOf("://") is >= 0 and var scheme ? path[(scheme + 3)..] : path;
            path = path.IndexOf('/') is >= 0 and var root ? path[root..] : [];
        }

        for (var segment = 0; segment < SegmentsBeforeId; segment++)
        {
            // Without a slash there is no id: the path is just /v1/images.
            path = path.IndexOf('/') is >= 0 and var slash ? path[(slash + 1)..] : [];
        }

        return PercentEncoding.Decode(path, IdField);
    }
}
