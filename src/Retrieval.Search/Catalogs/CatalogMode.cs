using Retrieval.Search.Replication;

namespace Retrieval.Search.Catalogs;

/// <summary>How a server relates to the catalog: it is a replica of one, or has none.</summary>
/// <param name="Link">Whether the catalog answers; null without a catalog.</param>
/// <param name="State">How far this replica has followed it; null without a catalog.</param>
public sealed record CatalogMode(CatalogCircuitBreaker? Link, FollowState? State)
{
    /// <summary>A server that serves only its local index.</summary>
    public static CatalogMode Embedded { get; } = new(null, null);
}
