using Retrieval.Search.Replication;

namespace Retrieval.Server.Contracts;

/// <summary>State of this replica relative to the catalog.</summary>
/// <param name="Index">Name of the index that is served.</param>
/// <param name="Epoch">Number of the catalog's last change of that index, as of the last poll.</param>
/// <param name="Lag">How many changes this replica is behind.</param>
/// <param name="Reachable">Whether Postgres answered the last query.</param>
/// <param name="Refusal">Why the intended index is not served, and what is served instead; null if it is served.</param>
public sealed record CatalogResponse(string Index, long Epoch, long Lag, bool Reachable, string? Refusal)
{
    internal static CatalogResponse? Of(FollowState? state, CatalogCircuitBreaker? link) =>
        state?.Report is { Served: { } served } report && link is not null
            ? new CatalogResponse(served.Name, Math.Max(report.CatalogEpoch, report.ServedEpoch), report.Lag, link.IsUp, report.Refusal)
            : null;
}
