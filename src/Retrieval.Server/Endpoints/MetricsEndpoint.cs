using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
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
        // From now on, not from the first scrape: what happens before it counts too.
        _ = app.Services.GetRequiredService<ServerMetrics>();
        var collector = app.Services.GetRequiredService<MetricsCollector>();
        app.MapGet("/metrics", () => TypedResults.Text(collector.Collect(PrometheusText.Write), PrometheusText.ContentType))
            .WithTags("Metrics")
            .WithName("Metrics")
            .WithSummary("Metrics in the Prometheus text format")
            .WithMetadata(new QuietInLog())
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .ProducesProblems(429, 503)
            .ProducesCommonProblems()
            .RequireMetricsLimit();
    }
}
