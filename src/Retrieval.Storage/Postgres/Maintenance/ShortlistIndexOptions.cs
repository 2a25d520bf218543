namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>How nearest-neighbour indexes are built. Not for a deployment to set: the values are those that were measured (docs/benchmarks.md); tests make them small.</summary>
internal sealed record ShortlistIndexOptions
{
    /// <summary>Neighbours of a node, 2 to 100: more find more, and cost memory and time.</summary>
    public int M { get; init; } = 16;

    /// <summary>Candidates looked at for each node while building, twice <see cref="M"/> to 1000; null: by the number of rows.</summary>
    public int? EfConstruction { get; init; }

    /// <summary>Bytes the build may use; null: as the number of rows asks, within what the server is set up for. A build that has too little is slow.</summary>
    public long? MaintenanceMemory { get; init; }
}
