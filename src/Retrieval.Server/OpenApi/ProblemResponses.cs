using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Errors;

namespace Retrieval.Server.OpenApi;

/// <summary>Which errors an operation can answer with.</summary>
internal static class ProblemResponses
{
    // What is not HTTP, comes too late or is too long never gets as far as an operation; and any may have a fault.
    private static readonly ProducesResponseTypeMetadata[] Common =
        [.. new[] { 400, 408, 414, 431, 500, 505 }.Select(status => new ProducesResponseTypeMetadata(status, typeof(Problem), [Problem.MediaType]))];

    /// <summary>The errors that every operation can answer with.</summary>
    public static TBuilder ProducesCommonProblems<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata([.. Common]);

    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            builder.Produces<Problem>(status, Problem.MediaType);
        }

        return builder;
    }
}
