using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Contracts;
using Retrieval.Server.OpenApi;

namespace Retrieval.Server.Endpoints;

/// <summary>What is being served.</summary>
internal static class ModelEndpoint
{
    public static void MapModel(this IEndpointRouteBuilder routes) => routes.MapGet("/model", GetModel)
        .WithTags("Model")
        .WithName("GetModel")
        .WithSummary("The model, where it runs, and the index")
        .Produces<ModelResponse>()
        .ProducesProblems(429, 503, 504);

    private static JsonHttpResult<ModelResponse> GetModel(SnapshotSource snapshots) => snapshots.Status is { } status
        ? TypedResults.Json(ModelResponse.Of(status), WireJson.Options)
        : throw new NotReadyException();
}
