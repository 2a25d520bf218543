using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Logging;

namespace Retrieval.Server.Audit;

/// <summary>Marks an endpoint whose requests are recorded.</summary>
/// <param name="Action">What they do, e.g. <c>image.store</c>.</param>
internal sealed record Audited(string Action);

/// <summary>What an audited request acts on: an image's id, a run's, an index's name. A feature of the request.</summary>
internal sealed record AuditTarget(string Name);

/// <summary>Marks endpoints and names their targets.</summary>
internal static class AuditedExtensions
{
    public static TBuilder Audit<TBuilder>(this TBuilder endpoint, string action)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new Audited(action));

    /// <summary>Names what the request acts on, once that is known.</summary>
    public static void AuditTarget(this HttpContext context, string name) => context.Features.Set(new AuditTarget(LogText.Of(name)));
}
