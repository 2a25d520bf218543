using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Search.Catalogs;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Access;
using Retrieval.Server.Answers;
using Retrieval.Server.Audit;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;
using Retrieval.Server.Limits;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Maintenance;

namespace Retrieval.Server.Endpoints;

/// <summary>The indexes of the catalog, and which of them replicas serve.</summary>
internal static class IndexEndpoints
{
    public static void MapIndexes(this IEndpointRouteBuilder routes)
    {
        var indexes = routes.MapGroup("/indexes").RequireRole(Role.Ingest).RequireWriteLimit().WithTags("Indexes");
        indexes.MapGet("", List)
            .WithName("ListIndexes")
            .WithSummary("The indexes of the catalog")
            .WithDescription("In the order of their creation, with what each lacks to be complete. Without a catalog, the local index alone, which has no name.")
            .Produces<IndexesResponse>()
            .ProducesProblems(429, 503, 504);
        indexes.MapPut("/active", Activate)
            .RequireRole(Role.Admin)
            .AuditOfBody("index.activate", "index")
            .WithName("ActivateIndex")
            .WithSummary("Makes an index the one that replicas serve")
            .WithDescription("Each replica fetches it while it serves the current one, and then switches, without failing a request: `served` says whether this replica has. An index that is not complete is refused.")
            .Accepts<ActiveIndexRequest>("application/json")
            .WithExample("""{ "name": "green" }""")
            .Produces<IndexResponse>()
            .ProducesProblems(400, 403, 404, 409, 413, 415, 429, 503, 504);
    }

    private static async Task<IResult> List([FromServices] Catalog? catalog, CatalogMode mode, SnapshotSource snapshots, CancellationToken cancellationToken)
    {
        if (catalog is null)
        {
            var status = snapshots.Status ?? throw new NotReadyException();
            return new WholeJson<IndexesResponse>(new IndexesResponse([new IndexResponse(null, status.Label, status.IndexEpoch, Active: true, Served: true, null)]));
        }

        var read = new List<IndexResponse>();
        foreach (var index in await CatalogIndexes.ListAsync(catalog, cancellationToken).ConfigureAwait(false))
        {
            read.Add(await ResponseAsync(catalog, mode, index, cancellationToken).ConfigureAwait(false));
        }

        return new WholeJson<IndexesResponse>(new IndexesResponse(read));
    }

    private static async Task<IResult> Activate(
        HttpContext context, RequestReader reader, [FromServices] Catalog? catalog, CatalogMode mode, CancellationToken cancellationToken)
    {
        // A body in JSON, and no POST: a page of another origin can send neither without being asked whether it may.
        var request = reader.Read<ActiveIndexRequest>(context);
        context.AuditTarget(request.Name);
        if (catalog is null)
        {
            throw new ConflictException("this server serves a local index and has no catalog: there is no other index to switch to");
        }

        var index = await CatalogIndexes.FindAsync(catalog, request.Name, cancellationToken).ConfigureAwait(false) ?? throw new NotFoundException("index", request.Name);
        if (request.Force != true && !index.Active && await IndexCompleteness.WhyNotAsync(catalog, index, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            throw new ConflictException($"index {index.Name} is not complete: {reason}; \"force\": true activates it all the same");
        }

        await CatalogIndexes.ActivateAsync(catalog, index.Name, cancellationToken).ConfigureAwait(false);
        mode.State?.Nudge();
        return new WholeJson<IndexResponse>(await ResponseAsync(catalog, mode, index with { Active = true }, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<IndexResponse> ResponseAsync(Catalog catalog, CatalogMode mode, CatalogIndex index, CancellationToken cancellationToken) => new(
        index.Name, BundleManifest.LabelOf(index.Schema.BundleName, index.Schema.Fingerprint), index.Epoch, index.Active, mode.State?.Report.Served?.Name == index.Name,
        await IndexCompleteness.WhyNotAsync(catalog, index, cancellationToken).ConfigureAwait(false));
}
