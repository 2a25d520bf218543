namespace Retrieval.Postgres.TestKit;

/// <summary>How a <see cref="PrivateServer"/> is to be made.</summary>
public sealed record PrivateServerOptions
{
    /// <summary>Puts the data on a disk of this many megabytes of its own, in memory; a bare cluster takes 24 MB of it, and its log another 16 to 80 unless it is apart. Needs root: without it the test is skipped.</summary>
    public int? DataOnSmallDisk { get; init; }

    /// <summary>
    /// Whether the write-ahead log is on that disk too. If not (the default), a full disk is an error 53100 of the statement
    /// that met it; a full log takes the whole server down.
    /// </summary>
    public bool LogOnSmallDisk { get; init; }

    /// <summary>Further server settings, such as <c>max_connections</c> to <c>20</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
