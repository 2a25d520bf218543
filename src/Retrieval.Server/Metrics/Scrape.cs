using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Retrieval.Server.Metrics;

/// <summary>An answer that contains the current metrics.</summary>
internal sealed class Scrape : IResult
{
    private readonly RequestDelegate _write;

    public Scrape(IEndpointRouteBuilder app)
    {
        var branch = app.CreateApplicationBuilder();
        branch.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true);
        _write = branch.Build();
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);

        // One format for every client: OpenMetrics, which Prometheus prefers, has other bounds (1.0 for 1) and additional series.
        httpContext.Request.Headers.Remove(HeaderNames.Accept);
        return _write(httpContext);
    }
}
