using Retrieval.Search.Replication;

namespace Retrieval.Search.Catalogs;

/// <summary>How a server stands towards the catalog: a replica of one, or on its own.</summary>
/// <param name="Link">Whether the catalog answers; null without a catalog.</param>
/// <param name="State">How far it is followed; null without a catalog.</param>
public sealed record CatalogMode(CatalogCircuitBreaker? Link, FollowState? State)
{
    /// <summary>A server that serves its local index alone.</summary>
    public static CatalogMode Embedded { get; } = new(null, null);
}
