using System.ComponentModel.DataAnnotations;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Server.Configuration;

/// <summary>
/// The catalog: the Postgres database with pgvector that holds the authoritative data. Without a connection string the server serves
/// only its local index.
/// </summary>
public sealed record PostgresOptions
{
    /// <summary><c>Host=…;Database=…;Username=…</c> or <c>postgresql://user@host:port/database</c>; empty for embedded mode.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>File with the password, read for every new connection; empty if the connection string is complete.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Name of the index to serve; empty for the active one, whichever that is.</summary>
    public string Index { get; init; } = "";

    /// <summary>Apply missing migrations at start; the role must own the schema. Otherwise run <c>retrieval index migrate</c>.</summary>
    public bool Migrate { get; init; }

    /// <summary>Seconds between polls for changes.</summary>
    [Range(0.05, 3600)]
    public double FollowSeconds { get; init; } = 0.5;

    /// <summary>
    /// Longest time a query waits for the catalog's shortlist, in milliseconds; then the exact one over the local copy is used.
    /// </summary>
    [Range(1, 60_000)]
    public int ShortlistTimeoutMs { get; init; } = 250;

    /// <summary>Longest time to wait until this replica serves a single image that was stored, in seconds.</summary>
    [Range(0.05, 600)]
    public double VisibleSeconds { get; init; } = 5;

    /// <summary>Seconds to wait for a connection.</summary>
    [Range(1, 600)]
    public int ConnectSeconds { get; init; } = 5;

    /// <summary>Seconds without an answer after which a statement is abandoned.</summary>
    [Range(1, 3600)]
    public int CommandSeconds { get; init; } = 30;

    /// <summary>Connections that fetch in parallel when an index is copied.</summary>
    [Range(1, 32)]
    public int Streams { get; init; } = 3;

    internal bool IsSet => ConnectionString.Length > 0;

    internal CatalogOptions Options => new()
    {
        ConnectionString = ConnectionString,
        PasswordFile = PasswordFile.Length == 0 ? null : PasswordFile,
        ConnectSeconds = ConnectSeconds,
        CommandSeconds = CommandSeconds,
    };
}
