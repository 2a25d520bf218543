using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;

namespace Retrieval.Search.Ingestion;

/// <summary>How a run writes into the catalog.</summary>
public sealed record CatalogTargetOptions
{
    /// <summary>Who runs it, for people: machine and process, say.</summary>
    public required string Worker { get; init; }

    /// <summary>Number of the run.</summary>
    public Guid RunId { get; init; } = Guid.NewGuid();

    /// <summary>Whether an image takes the place of one that another source wrote.</summary>
    public bool Replace { get; init; }

    /// <summary>Whether the index becomes the active one when it is complete and none is.</summary>
    public bool ActivateFirst { get; init; } = true;

    /// <summary>How long it holds out while Postgres is away.</summary>
    public CatalogRetry Retry { get; init; } = new();

    /// <summary>Told how the building of nearest-neighbour indexes gets on, which takes minutes for large corpora.</summary>
    public IProgress<ShortlistIndexProgress>? Building { get; init; }
}
