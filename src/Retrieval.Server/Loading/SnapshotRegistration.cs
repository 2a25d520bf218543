using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Catalogs;
using Retrieval.Search.Explaining;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Search.Recall;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;
using Retrieval.Server.Limits.Callers;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Loading;

/// <summary>Registers what is served: the snapshot, the search over it, and the services that keep it up to date.</summary>
internal static class SnapshotRegistration
{
    /// <summary>Embedded mode: the snapshot is of a local index that no other process writes.</summary>
    public static void AddLocalIndex(this IServiceCollection services)
    {
        services.AddSingleton(CatalogMode.Embedded);
        services.AddSingleton<IImageStore, LocalImageStore>();
        services.AddHostedService<SnapshotLoader>();
    }

    public static void AddSnapshot(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(new SnapshotOptions { Bundle = options.Snapshot.Bundle, Index = options.Snapshot.Index, Inference = options.Inference });
        services.AddSingleton(options.Search);
        services.AddSingleton(provider => new SnapshotSource(provider.GetRequiredService<SnapshotOptions>(), new BankLoading(provider.GetRequiredService<Readiness>()))
        {
            ItemDamaged = provider.GetRequiredService<DamageLog>().Report,
        });
        services.AddInstruments<SearchMetrics>();
        services.AddInstruments<BatchMetrics>();
        services.AddSingleton(provider => new ComputeQueues(
            options.Limits.AdmittedPairs > 0 ? options.Limits.AdmittedPairs : long.MaxValue, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<BatchMetrics>())
        {
            Charge = provider.GetRequiredService<CallerLimits>().TakePairs,
            Flow = provider.GetRequiredService<CallerLimits>().NameOfCaller,
        });
        services.AddSingleton<QuerySampler>();
        services.AddSingleton<SearchService>();
        services.AddSingleton<ExplainService>();
        services.AddSingleton<RecallProbe>();
        services.AddInstruments<RecallMetrics>();
        services.AddHostedService<RecallGauge>();
        services.AddSingleton(provider => new BatchSearch(provider.GetRequiredService<SearchService>(), options.Limits.BatchCandidates));
        services.AddSingleton<ImageReader>();
        services.AddSingleton<ImageLister>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<DamageLog>();
        services.AddSingleton<WarmUp>();
        services.AddSingleton(new PublicReason(options.Snapshot, options.Inference.ProviderLibrary));
        services.AddSingleton(new DeviceContext(options.Inference));
        services.AddHostedService<DeviceMonitor>();
        services.AddSingleton<IndexHealth>();
        services.AddHostedService<IndexMonitor>();
        services.AddSingleton<ReplicaRepair>();
        services.AddInstruments<ScrubMetrics>();
        services.AddHostedService<IndexScrub>();
        services.AddSingleton(options.Images);
        services.AddSingleton<ImageService>();
        services.AddHostedService<MemoryTrim>();
        services.AddHostedService<ShutdownDrain>();
        services.Configure<HostOptions>(host =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(options.Limits.DrainDelaySeconds + options.Limits.DrainSeconds));
    }
}
