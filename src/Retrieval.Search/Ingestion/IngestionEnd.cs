namespace Retrieval.Search.Ingestion;

/// <summary>What the end of a run left behind.</summary>
/// <param name="Generation">The index's generation, or its epoch in the catalog.</param>
public sealed record IngestionEnd(long Generation)
{
    /// <summary>Where the refused rows are listed, if that is a file.</summary>
    public string? RejectsFile { get; init; }

    /// <summary>In the catalog: whether all parts of the source are stored now.</summary>
    public bool SourceComplete { get; init; } = true;

    /// <summary>In the catalog: whether this run built the nearest-neighbour indexes, or found them built.</summary>
    public bool ShortlistBuilt { get; init; }

    /// <summary>In the catalog: whether no index was active, and this one now is.</summary>
    public bool Activated { get; init; }
}
