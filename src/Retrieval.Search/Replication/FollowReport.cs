using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Replication;

/// <summary>How a replica's last look at the catalog ended.</summary>
/// <param name="Served">The index it serves; null if none yet.</param>
/// <param name="ServedEpoch">The epoch it serves.</param>
/// <param name="CatalogEpoch">The epoch the catalog was at, of the index that is to be served; 0 before the first look.</param>
/// <param name="Refusal">Why it does not follow the index that is to be served; null if it does.</param>
/// <param name="Warning">What could not be done and does no harm yet; null for nothing.</param>
public sealed record FollowReport(ServedIndex? Served, long ServedEpoch, long CatalogEpoch, string? Refusal, string? Warning)
{
    /// <summary>How many changes the replica is behind.</summary>
    public long Lag => Math.Max(0, CatalogEpoch - ServedEpoch);
}
