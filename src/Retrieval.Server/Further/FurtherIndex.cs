using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Retrieval.Search.Queries;
using Retrieval.Search.Replication;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Background;
using Retrieval.Server.Catalogs;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;
using Retrieval.Server.Loading;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Server.Further;

/// <summary>
/// An index that is held beside the served one: the same services load it, follow it and watch over it. Its faults are its own, and
/// do not make the server unready.
/// </summary>
internal sealed class FurtherIndex
{
    /// <param name="option">Which index.</param>
    /// <param name="services">Those of the served index.</param>
    public FurtherIndex(FurtherIndexOption option, IServiceProvider services)
    {
        var options = services.GetRequiredService<ServerOptions>();
        var own = options with
        {
            Snapshot = options.Snapshot with { Index = option.Folder ?? FurtherIndexOption.CopiesOf(options.Snapshot.Index, option.Name) },
            Postgres = options.Postgres with { Index = option.Folder is null ? option.Name : "", Migrate = false },
        };
        Name = option.Name;
        Following = own.Postgres.IsSet ? new FollowState() : null;
        Snapshots = services.GetRequiredService<SnapshotSource>().Add(Name, own.Snapshot.Index, new BankLoading(Readiness));
        Loaders = [.. Make(own, services)];
    }

    /// <summary>What requests call it.</summary>
    public string Name { get; }

    /// <summary>What is held of it.</summary>
    public SnapshotSource Snapshots { get; }

    /// <summary>Whether it can be searched.</summary>
    public Readiness Readiness { get; } = new();

    /// <summary>How far it is behind the catalog; null for a local index.</summary>
    public FollowState? Following { get; }

    /// <summary>What loads it and watches over it.</summary>
    public IReadOnlyList<LoaderService> Loaders { get; }

    /// <summary>Why it cannot be searched, for people to read; null if it can.</summary>
    public string? WhyNot => Readiness.Current is { IsReady: false } state ? string.Join("; ", state.Reasons)
        : Snapshots.Status is null ? "it is being loaded for the bundle that is served now" : null;

    private IEnumerable<LoaderService> Make(ServerOptions own, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var reasons = new PublicReason(own.Snapshot, own.Inference.ProviderLibrary);
        var warmUp = new WarmUp(Snapshots, services.GetRequiredService<ComputeQueues>(), own.Limits, own.Search, time);
        var health = new IndexHealth(Readiness);
        var repair = new ReplicaRepair();
        yield return Following is { } following
            ? new CatalogLoader(
                Snapshots, services.GetRequiredService<Catalog>(), services.GetRequiredService<CatalogCircuitBreaker>(), following, services.GetRequiredService<CatalogMetrics>(),
                warmUp, reasons, repair, Readiness, own, time, Log<CatalogLoader>())
            : new SnapshotLoader(Snapshots, warmUp, Readiness, reasons, own.Snapshot, time, Log<SnapshotLoader>());
        yield return new IndexMonitor(Snapshots, health, repair, own.Snapshot, time, Log<IndexMonitor>());
        yield return new IndexScrub(Snapshots, health, repair, services.GetRequiredService<ScrubMetrics>(), own.Snapshot, time, Log<IndexScrub>());

        FurtherIndexLogger<T> Log<T>() => new(services.GetRequiredService<ILoggerFactory>(), Name);
    }
}
