namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>
/// How nearest-neighbour indexes are built. Not configurable in a deployment: the values are the measured ones
/// (docs/benchmarks.md), and tests use small ones.
/// </summary>
internal sealed record ShortlistIndexOptions
{
    /// <summary>Neighbours of a node, 2 to 100. More neighbours improve recall, and cost memory and time.</summary>
    public int M { get; init; } = 16;

    /// <summary>
    /// Candidates examined for each node while building, twice <see cref="M"/> to 1000; null: chosen by the number of rows.
    /// </summary>
    public int? EfConstruction { get; init; }

    /// <summary>
    /// Bytes the build may use; null: chosen by the number of rows, within the server's configuration. A build with too little
    /// memory is slow.
    /// </summary>
    public long? MaintenanceMemory { get; init; }
}
