using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Retrieval.Server.Configuration;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Ingestions;

/// <summary>Ingestions that are started over HTTP.</summary>
internal static class IngestionRegistration
{
    public static void AddIngestions(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(new SourceRoots(options.Ingestion.Roots));
        if (options.Postgres.IsSet)
        {
            services.AddSingleton<IRunRegistry, CatalogRunRegistry>();
        }
        else
        {
            services.AddSingleton<IRunRegistry, LocalRunRegistry>();
        }

        services.AddInstruments<IngestionMetrics>();
        services.AddSingleton<IngestionRunner>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<IngestionRunner>());
    }
}
