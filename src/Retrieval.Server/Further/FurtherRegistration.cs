using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Further;

/// <summary>Registers the indexes that are held beside the served one.</summary>
internal static class FurtherRegistration
{
    public static void AddFurtherIndexes(this IServiceCollection services)
    {
        services.AddSingleton<FurtherIndexes>();
        services.AddHostedService(provider => provider.GetRequiredService<FurtherIndexes>());
        services.AddInstruments<FurtherIndexMetrics>();
    }
}
