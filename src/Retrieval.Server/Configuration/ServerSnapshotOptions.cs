using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>The bundle and the index that are served.</summary>
public sealed record ServerSnapshotOptions
{
    /// <summary>Folder of the bundle, or of several, separated by semicolons: the one the index was made with is served. Required.</summary>
    public string Bundle { get; init; } = "";

    /// <summary>Folder of the local index; with a catalog, a folder that only this replica uses for its copies. Required.</summary>
    public string Index { get; init; } = "";

    /// <summary>
    /// Further indexes to hold and answer from, separated by semicolons: folders of local indexes, each with or without a name before
    /// it (<c>green=/data/green</c>); with a catalog, names of its indexes. They are of the bundle that is served, and only read.
    /// </summary>
    public string Also { get; init; } = "";

    /// <summary>
    /// Seconds between checks for a newer generation of the local index. With a catalog, see
    /// <see cref="PostgresOptions.FollowSeconds"/>.
    /// </summary>
    [Range(0.05, 3600)]
    public double RefreshSeconds { get; init; } = 1;

    /// <summary>Seconds before a failed load is retried.</summary>
    [Range(0.05, 86_400)]
    public double RetrySeconds { get; init; } = 10;

    /// <summary>
    /// Bytes per second that are read to compare the served index with its checksums, over and over. 0 turns this off.
    /// </summary>
    [Range(0, 1L << 40)]
    public long ScrubBytesPerSecond { get; init; } = 16 << 20;
}
