namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>How the catalog is reached, and how long anything may wait for it.</summary>
public sealed record CatalogOptions
{
    /// <summary>
    /// <c>Host=…;Database=…</c> in Npgsql's keywords, or <c>postgresql://user@host:port/database</c>. Keywords given here win
    /// over the times below.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>File with the password, read for every new connection, so that a rotated secret is taken up; null if the connection string says all.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Seconds to wait for a connection.</summary>
    public int ConnectSeconds { get; init; } = 5;

    /// <summary>Seconds without an answer after which a statement is given up. Bounds the wait for a server that is frozen.</summary>
    public int CommandSeconds { get; init; } = 30;
}
