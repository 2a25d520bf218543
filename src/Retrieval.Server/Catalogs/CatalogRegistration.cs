using Microsoft.Extensions.DependencyInjection;
using Retrieval.Search.Catalogs;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Search.Replication;
using Retrieval.Search.Shortlists;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Configuration;
using Retrieval.Server.Metrics;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Server.Catalogs;

/// <summary>The services that only a replica of a catalog has, and an embedded server does not.</summary>
internal static class CatalogRegistration
{
    public static void AddCatalog(this IServiceCollection services, ServerOptions options)
    {
        var postgres = options.Postgres;
        services.AddSingleton(_ => new Catalog(postgres.Options));
        services.AddSingleton<CatalogCircuitBreaker>();
        services.AddSingleton<FollowState>();
        services.AddSingleton(provider => new CatalogMode(provider.GetRequiredService<CatalogCircuitBreaker>(), provider.GetRequiredService<FollowState>()));
        services.AddInstruments<CatalogMetrics>();
        if (UsesPgvector(options))
        {
            services.AddSingleton(provider => new CatalogStage(
                provider.GetRequiredService<Catalog>(),
                provider.GetRequiredService<CatalogCircuitBreaker>(),
                TimeSpan.FromMilliseconds(postgres.ShortlistTimeoutMs),
                provider.GetRequiredService<SearchMetrics>(),
                provider.GetRequiredService<TimeProvider>()));
        }

        services.AddSingleton<IImageStore>(provider => new CatalogImageStore(
            provider.GetRequiredService<Catalog>(),
            provider.GetRequiredService<FollowState>(),
            TimeSpan.FromSeconds(postgres.VisibleSeconds),
            provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<CatalogLoader>();
        services.AddHostedService<CatalogProbe>();
    }

    /// <summary>Whether shortlists come from the catalog.</summary>
    public static bool UsesPgvector(ServerOptions options) =>
        options.Postgres.IsSet && options.Search.Shortlist != ShortlistKind.Exact;
}
