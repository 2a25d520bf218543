using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Search.Catalogs;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Answers;
using Retrieval.Server.Catalogs;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;
using Retrieval.Server.Further;
using Retrieval.Server.Loading;
using Retrieval.Server.OpenApi;

namespace Retrieval.Server.Endpoints;

/// <summary>Says what is served.</summary>
internal static class ModelEndpoint
{
    public static void MapModel(this IEndpointRouteBuilder routes) => routes.MapGet("/model", GetModel)
        .WithTags("Model")
        .WithName("GetModel")
        .WithSummary("The model, where it runs, and the index")
        .WithDescription("What this replica serves: the bundle and its fingerprint, the device, the index and its epoch, and with a catalog how far behind it is.")
        .Produces<ModelResponse>()
        .ProducesProblems(429, 503, 504);

    private static WholeJson<ModelResponse> GetModel(SnapshotSource snapshots, ServerOptions options, PublicReason reasons, FurtherIndexes further, CatalogMode catalog)
    {
        var status = snapshots.Status ?? throw new NotReadyException();
        var shortlist = CatalogRegistration.UsesPgvector(options) ? "pgvector" : "exact";
        return new WholeJson<ModelResponse>(ModelResponse.Of(status, options.Search, options.Pictures, reasons.Of(status.Device.Reason), [.. further.All.Select(ResponseOf)], shortlist, CatalogResponse.Of(catalog.State, catalog.Link)));
    }

    private static FurtherIndexResponse ResponseOf(FurtherIndex index)
    {
        var status = index.Snapshots.Status;
        return new FurtherIndexResponse(index.Name, status?.Images, status?.Captions, status?.IndexEpoch, index.WhyNot);
    }
}
