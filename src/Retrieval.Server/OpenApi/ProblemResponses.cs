using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Errors;

namespace Retrieval.Server.OpenApi;

/// <summary>Which errors an operation can answer with.</summary>
internal static class ProblemResponses
{
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            builder.Produces<Problem>(status, Problem.MediaType);
        }

        return builder;
    }
}
