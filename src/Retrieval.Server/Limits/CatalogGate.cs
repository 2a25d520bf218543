using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Search.Catalogs;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Limits;

/// <summary>While Postgres is known to be away, refuses at once what would wait for it in vain.</summary>
internal sealed class CatalogGate(RequestDelegate next, IServiceProvider services)
{
    // Only a replica of a catalog has one.
    private readonly CatalogLink? _link = services.GetService<CatalogLink>();

    public Task InvokeAsync(HttpContext context, ProblemWriter writer) =>
        _link is { MayAsk: false } && context.GetEndpoint()?.Metadata.GetMetadata<NeedsCatalog>() is not null
            ? writer.WriteAsync(context, Problems.CatalogAway)
            : next(context);
}
