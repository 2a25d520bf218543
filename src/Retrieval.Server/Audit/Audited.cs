using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Logging;

namespace Retrieval.Server.Audit;

/// <summary>Marks an endpoint whose requests are recorded.</summary>
/// <param name="Action">What they do, e.g. <c>image.store</c>.</param>
/// <param name="Target">What they act on as far as the path tells it. Where only the body does, what kind of thing, for requests whose body was not read.</param>
internal sealed record Audited(string Action, Func<HttpContext, string> Target);

/// <summary>What an audited request acts on: an image's id, a run's, an index's name. A feature of the request.</summary>
internal sealed record AuditTarget(string Name);

/// <summary>Marks endpoints and names their targets.</summary>
internal static class AuditedExtensions
{
    public static TBuilder Audit<TBuilder>(this TBuilder endpoint, string action, Func<HttpContext, string> target)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new Audited(action, target));

    /// <summary>Marks an endpoint whose body names the target: the line of a request that was refused before the body was read says so.</summary>
    public static TBuilder AuditOfBody<TBuilder>(this TBuilder endpoint, string action, string kind)
        where TBuilder : IEndpointConventionBuilder => endpoint.Audit(action, _ => $"{kind}, not read");

    /// <summary>Names what the request acts on, where its body tells that.</summary>
    public static void AuditTarget(this HttpContext context, string name) => context.Features.Set(new AuditTarget(LogText.Name(name)));
}
