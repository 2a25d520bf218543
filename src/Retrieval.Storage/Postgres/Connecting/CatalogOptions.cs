namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>How to reach the catalog and how long to wait for it.</summary>
public sealed record CatalogOptions
{
    /// <summary>
    /// <c>Host=…;Database=…</c> in Npgsql's keywords, or <c>postgresql://user@host:port/database</c>. Keywords given here
    /// override the times below.
    /// </summary>
    public required string ConnectionString { get; init; }

    /// <summary>
    /// File with the password; null if the connection string contains everything. It is read for every new connection, so that a
    /// rotated secret is picked up.
    /// </summary>
    public string? PasswordFile { get; init; }

    /// <summary>Seconds to wait for a connection.</summary>
    public int ConnectSeconds { get; init; } = 5;

    /// <summary>Seconds without an answer after which a statement is abandoned. Limits the wait for a frozen server.</summary>
    public int CommandSeconds { get; init; } = 30;
}
