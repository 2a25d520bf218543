namespace Retrieval.Storage.Postgres.Following;

/// <summary>How a replica follows the catalog, and where it keeps its copy. What is internal is not for a deployment to set: tests make it small.</summary>
public sealed record FollowerOptions
{
    /// <summary>Folder of this replica alone, on a local disk; created if need be. What is in it can be fetched again at any time.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The index to follow; null for the active one, whichever that is.</summary>
    public string? IndexName { get; init; }

    /// <summary>Connections that fetch side by side when an index is copied.</summary>
    public int Streams { get; init; } = 3;

    /// <summary>
    /// Bytes fetched in one go, by the mean size of the images fetched last, but at least one image. <see cref="Streams"/> + 2
    /// of them are in memory at most, in buffers that may have up to twice the room.
    /// </summary>
    internal int ChunkBytes { get; init; } = 16 << 20;

    /// <summary>Bytes after which a copy under way is committed: what a killed replica fetches again at most, but for the rest of a batch.</summary>
    internal long CommitBytes { get; init; } = 256L << 20;

    /// <summary>While another index is served, bytes of the new one that a step fetches before it looks after the served one again.</summary>
    internal long SliceBytes { get; init; } = 1L << 30;

    /// <summary>Share of tombstoned images above which the copy is compacted, 0 to 1.</summary>
    internal double CompactAt { get; init; } = 0.3;

    /// <summary>Images, tombstoned ones included, below which a copy is not worth compacting.</summary>
    internal long CompactFrom { get; init; } = 1024;
}
