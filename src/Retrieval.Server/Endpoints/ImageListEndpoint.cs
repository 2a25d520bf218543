using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Errors;
using Retrieval.Search.Images;
using Retrieval.Server.Answers;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>The images of the index, part by part.</summary>
internal static class ImageListEndpoint
{
    private const string AfterText = "Only images whose ids come after this one in the order of UTF-8 bytes: `next` of the former answer. It need not be an id of the index";
    private const string LimitText = "Most images of the answer; 100 if not given";

    public static void MapImageList(this IEndpointRouteBuilder routes) => routes.MapGet("/images", ListImages)
        .WithTags("Images")
        .WithName("ListImages")
        .WithSummary("The images of the index in the order of their ids")
        .WithDescription("Ask again with `after` set to `next` until that is null. An image that is there all the time is listed once, whatever is stored or deleted in between.")
        .WithMetadata(new WholeParameter("limit", ImageLister.Limit.Least, ImageLister.Limit.Most))
        .Produces<ImagePage>()
        .ProducesProblems(400, 429, 503, 504);

    private static WholeJson<ImagePage> ListImages(HttpContext context, [FromQuery, Description(AfterText)] string? after, [FromQuery, Description(LimitText)] string? limit, ImageLister images)
    {
        PercentEncoding.CheckQuery(context.Request.QueryString.Value, nameof(after), nameof(limit));
        return new WholeJson<ImagePage>(images.Read(after, limit is null ? ImageLister.DefaultLimit : LimitOf(limit)));
    }

    private static int LimitOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
        ? limit
        : throw new InvalidInputException($"expected {ImageLister.Limit.Expected}", field: "limit");
}
