using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;

namespace Retrieval.Search.Ingestion;

/// <summary>How a run writes into the catalog.</summary>
public sealed record CatalogTargetOptions
{
    /// <summary>Who runs it, for people to read: for example machine and process.</summary>
    public required string Worker { get; init; }

    /// <summary>Identifier of the run.</summary>
    public Guid RunId { get; init; } = Guid.NewGuid();

    /// <summary>Whether an image replaces one that another source wrote.</summary>
    public bool Replace { get; init; }

    /// <summary>Whether the index is activated on completion if no index is active.</summary>
    public bool ActivateFirst { get; init; } = true;

    /// <summary>How long the run retries while Postgres is unavailable.</summary>
    public CatalogRetry Retry { get; init; } = new();

    /// <summary>Receives the progress of building nearest-neighbour indexes, which takes minutes for large corpora.</summary>
    public IProgress<ShortlistIndexProgress>? Building { get; init; }
}
