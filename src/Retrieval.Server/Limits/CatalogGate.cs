using Microsoft.AspNetCore.Http;
using Retrieval.Search.Catalogs;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Limits;

/// <summary>While Postgres is known to be unavailable, refuses at once the requests that would wait for it in vain.</summary>
internal sealed class CatalogGate(RequestDelegate next, CatalogMode catalog)
{
    public Task InvokeAsync(HttpContext context, ProblemWriter writer) =>
        catalog.Link is { MayAsk: false } && context.GetEndpoint()?.Metadata.GetMetadata<NeedsCatalog>() is not null
            ? writer.WriteAsync(context, Problems.CatalogAway)
            : next(context);
}
