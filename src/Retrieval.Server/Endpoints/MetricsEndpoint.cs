using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Access;
using Retrieval.Server.Limits;
using Retrieval.Server.Logging;
using Retrieval.Server.Metrics;
using Retrieval.Server.OpenApi;

namespace Retrieval.Server.Endpoints;

/// <summary><c>GET /metrics</c> for Prometheus.</summary>
internal static class MetricsEndpoint
{
    public static void MapPrometheus(this WebApplication app)
    {
        var scrape = new Scrape(app);
        app.MapGet("/metrics", () => scrape)
            .WithTags("Metrics")
            .WithName("Metrics")
            .WithSummary("Metrics in the Prometheus text format")
            .WithDescription("Text format 0.0.4.")
            .WithMetadata(new QuietInLog())
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesProblems(429, 503)
            .ProducesCommonProblems()
            .RequireRole(Role.Metrics)
            .RequireMetricsLimit();
    }
}
