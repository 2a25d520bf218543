using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Errors;
using Retrieval.Search.Images;
using Retrieval.Server.Access;
using Retrieval.Server.Answers;
using Retrieval.Server.Audit;
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
    private const string CaptionText = "Captions for a `.npy` body, in order; with JSON they are in the body";

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
            .RequireRole(Role.Ingest)
            .RequireWriteLimit()
            .WithTags("Images")
            .Audit("image.store", RawPath.IdOf)
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
            .RequireRole(Role.Ingest)
            .RequireWriteLimit()
            .WithTags("Images")
            .Audit("image.delete", RawPath.IdOf)
            .WithName("DeleteImage")
            .WithSummary("Deletes one image and its captions")
            .WithDescription("Its id is free from then on; `visible` says whether this replica's searches know it already.")
            .Produces<ImageChangeResponse>()
            .ProducesProblems(403, 404, 409, 429, 503, 504, 507);
    }

    private static async Task<IResult> PutImage(HttpContext context, [Description(RawPath.IdText)] string? id, [FromQuery, Description(CaptionText)] string[]? caption, RequestReader reader, ImageService images, CancellationToken cancellationToken)
    {
        var name = RawPath.IdOf(context);
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

    private static async Task<IResult> DeleteImage(HttpContext context, [Description(RawPath.IdText)] string? id, ImageService images, CancellationToken cancellationToken) =>
        new WholeJson<ImageChangeResponse>(ImageChangeResponse.Of(await images.DeleteAsync(RawPath.IdOf(context), cancellationToken).ConfigureAwait(false)));

    private static ImageResult GetImage(HttpContext context, [Description(RawPath.IdText)] string? id, ImageReader images) => new ImageResult(images.Open(RawPath.IdOf(context)));
}
