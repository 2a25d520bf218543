using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Pictures;

/// <summary>The picture of an image, for people to look at. The service computes nothing from it.</summary>
internal static class PictureEndpoint
{
    /// <summary>Narrowest and widest thumbnail, in pixels.</summary>
    public const int LeastWidth = 16, MostWidth = 2048;

    private const string WidthText = "Width of a thumbnail in pixels, 16 to 2048: the answer is WebP then. The file as it is if not given";

    public static void MapPictures(this IEndpointRouteBuilder routes) => routes.MapGet("/pictures/{**id}", GetPicture)
        .WithTags("Images")
        .WithName("GetPicture")
        .WithSummary("The picture of an image")
        .WithDescription("From `Pictures:Folder`, with ETag and ranges, or a redirect to the address that `Pictures:UrlTemplate` makes. A picture is found by the id alone: nothing looks whether the index has such an image.")
        .WithMetadata(new WholeParameter("width", LeastWidth, MostWidth))
        .Produces<Stream>(200, "image/jpeg", "image/png", "image/webp", "image/gif")
        .Produces(302)
        .Produces(304)
        .ProducesProblems(400, 404, 422, 429, 503, 504);

    private static async Task<IResult> GetPicture(HttpContext context, [Description(RawPath.IdText)] string? id, [FromQuery, Description(WidthText)] string? width, ServerOptions options, PictureStore pictures, CancellationToken cancellationToken)
    {
        var name = RawPath.IdOf(context);
        PercentEncoding.CheckQuery(context.Request.QueryString.Value, nameof(width));
        var wide = WidthOf(width);
        if (options.Pictures.UrlTemplate is { Length: > 0 } template)
        {
            return Results.Redirect(template.Replace(PictureOptions.Placeholder, Uri.EscapeDataString(name), StringComparison.Ordinal));
        }

        // A browser asks again each time, and is told that nothing changed. What is sent is shown as a picture and nothing else.
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        using var picture = pictures.Open(name);
        var tag = new EntityTagHeaderValue(wide is null ? $"\"{picture.Version}\"" : string.Create(null, $"\"{picture.Version}-{wide}\""));
        if (wide is not null && context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false)))
        {
            // Nothing is decoded to find that out.
            context.Response.Headers.ETag = tag.ToString();
            return Results.StatusCode(StatusCodes.Status304NotModified);
        }

        return wide is { } most
            ? Results.Bytes(await pictures.ThumbnailAsync(picture, most, cancellationToken).ConfigureAwait(false), "image/webp", entityTag: tag)
            : Results.Stream(picture.Take(), picture.MediaType, entityTag: tag, enableRangeProcessing: true);
    }

    private static int? WidthOf(string? text) => text is null ? null
        : int.TryParse(text, System.Globalization.NumberStyles.None, null, out var width) && width is >= LeastWidth and <= MostWidth ? width
        : throw new InvalidInputException($"expected a whole number from {LeastWidth} to {MostWidth}", field: "width");
}
