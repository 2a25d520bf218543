using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Errors;

namespace Retrieval.Server.OpenApi;

/// <summary>Which errors an operation can return.</summary>
internal static class ProblemResponses
{
    // Input that is not HTTP, comes too late or is too long never reaches an operation; and any operation may have a fault.
    private static readonly ProducesResponseTypeMetadata[] Common =
        [.. new[] { 400, 408, 414, 431, 500, 505 }.Select(status => new ProducesResponseTypeMetadata(status, typeof(Problem), [Problem.MediaType]))];

    /// <summary>Adds the errors that every operation can return.</summary>
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
