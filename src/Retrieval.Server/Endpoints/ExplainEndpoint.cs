using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Search.Explaining;
using Retrieval.Search.Queries;
using Retrieval.Server.Answers;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>How the score of a pair comes about.</summary>
internal static class ExplainEndpoint
{
    public static void MapExplain(this IEndpointRouteBuilder routes, HttpOptions http) => routes.MapPost("/explain", Explain)
        .WithTags("Explain")
        .WithName("Explain")
        .WithSummary("How the score of a pair comes about")
        .WithDescription("Both stages' scores of an image and a caption, and what the matching model's score was computed from: attention between words and regions, gates, weights. The outputs are those of the bundle; `axes`, `shape` and `distribution` say how to read them.")
        .Accepts<ExplainRequest>("application/json")
        .WithMetadata(new BodyLimit(http.MaxImageBytes))
        .WithExample("""{ "imageId": "1000092795.jpg", "caption": "two dogs play in the snow" }""")
        .Produces<PairExplanation>()
        .ProducesProblems(400, 404, 413, 415, 422, 429, 501, 503, 504);

    private static async Task<IResult> Explain(HttpContext context, RequestReader reader, ExplainService explainer, CancellationToken cancellationToken)
    {
        var query = Query(reader.Read<ExplainRequest>(context));
        return new ExplainResult(await explainer.ExplainAsync(query, context.ReceivedAt(), cancellationToken).ConfigureAwait(false));
    }

    private static ExplainQuery Query(ExplainRequest request) => new()
    {
        ImageId = request.ImageId,
        Features = request.Features is { } features ? ImageFeatures.Read(features) : null,
        Caption = request.Caption,
        CaptionId = request.CaptionId,
        DeadlineMs = request.DeadlineMs,
        Index = request.Index,
    };
}
