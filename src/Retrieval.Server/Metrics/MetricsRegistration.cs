using Microsoft.Extensions.DependencyInjection;

namespace Retrieval.Server.Metrics;

/// <summary>The metrics, collected for Prometheus.</summary>
internal static class MetricsRegistration
{
    public static void AddPrometheus(this IServiceCollection services)
    {
        services.AddSingleton<ServerMetrics>();
        services.AddSingleton<MetricsCollector>();
    }
}
