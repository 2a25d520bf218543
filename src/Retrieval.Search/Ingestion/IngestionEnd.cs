namespace Retrieval.Search.Ingestion;

/// <summary>The outcome at the end of a run.</summary>
/// <param name="Generation">The index's generation, or its epoch in the catalog.</param>
public sealed record IngestionEnd(long Generation)
{
    /// <summary>The file that lists the rejected rows, if there is one.</summary>
    public string? RejectsFile { get; init; }

    /// <summary>In the catalog: whether all parts of the source are now stored.</summary>
    public bool SourceComplete { get; init; } = true;

    /// <summary>In the catalog: whether this run built the nearest-neighbour indexes, or found them already built.</summary>
    public bool ShortlistBuilt { get; init; }

    /// <summary>In the catalog: whether no index was active and this one has been activated.</summary>
    public bool Activated { get; init; }
}
