namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// How a replica follows the catalog, and where it keeps its copy. Internal members are not configurable in a deployment: tests
/// make them small.
/// </summary>
public sealed record FollowerOptions
{
    /// <summary>Folder of this replica only, on a local disk; created if needed. Its content can be fetched again at any time.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The index to follow; null for the currently active one.</summary>
    public string? IndexName { get; init; }

    /// <summary>Connections that fetch in parallel when an index is copied.</summary>
    public int Streams { get; init; } = 3;

    /// <summary>
    /// Bytes fetched at a time, by the mean size of the images fetched last, but at least one image. At most
    /// <see cref="Streams"/> + 2 chunks are in memory, in buffers that may have up to twice the capacity.
    /// </summary>
    internal int ChunkBytes { get; init; } = 16 << 20;

    /// <summary>
    /// Bytes after which a copy in progress is committed. A killed replica fetches at most this much again, apart from the rest
    /// of a batch.
    /// </summary>
    internal long CommitBytes { get; init; } = 256L << 20;

    /// <summary>While another index is served, bytes of the new one that a step fetches before it updates the served one again.</summary>
    internal long SliceBytes { get; init; } = 1L << 30;

    /// <summary>Share of tombstoned images above which the copy is compacted, 0 to 1.</summary>
    internal double CompactAt { get; init; } = 0.3;

    /// <summary>Minimum number of images, tombstoned ones included, for which a copy is compacted.</summary>
    internal long CompactFrom { get; init; } = 1024;
}
