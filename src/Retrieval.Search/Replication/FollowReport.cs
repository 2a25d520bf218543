using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Replication;

/// <summary>Result of a replica's last poll of the catalog.</summary>
/// <param name="Served">The index it serves; null if none yet.</param>
/// <param name="ServedEpoch">The epoch it serves.</param>
/// <param name="CatalogEpoch">Epoch in the catalog of the index that is to be served; 0 before the first poll.</param>
/// <param name="Refusal">Why it does not follow the index that is to be served; null if it does.</param>
/// <param name="Warning">What failed without doing harm yet; null if nothing did.</param>
public sealed record FollowReport(ServedIndex? Served, long ServedEpoch, long CatalogEpoch, string? Refusal, string? Warning)
{
    /// <summary>How many changes the replica is behind.</summary>
    public long Lag => Math.Max(0, CatalogEpoch - ServedEpoch);
}
