using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Server.Configuration;

/// <summary>The catalog: a Postgres with pgvector that holds the truth. Without a connection string the server serves its local index alone.</summary>
public sealed record PostgresSection
{
    /// <summary><c>Host=…;Database=…;Username=…</c> or <c>postgresql://user@host:port/database</c>; empty for embedded mode.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>File with the password, read for every new connection; empty if the connection string says all.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Name of the index to serve; empty for the active one, whichever that is.</summary>
    public string Index { get; init; } = "";

    /// <summary>Apply missing migrations at start; the role must own the schema. Otherwise run <c>retrieval index migrate</c>.</summary>
    public bool Migrate { get; init; }

    /// <summary>Seconds between looks for changes, 0.05 to 3600.</summary>
    public double FollowSeconds { get; init; } = 0.5;

    /// <summary>Longest a query waits for the catalog's shortlist, in milliseconds, 1 to 60000; then the exact one over the local copy answers.</summary>
    public int ShortlistTimeoutMs { get; init; } = 250;

    /// <summary>Longest a single image that was stored is waited for until this replica serves it, in seconds, 0.05 to 600.</summary>
    public double VisibleSeconds { get; init; } = 5;

    /// <summary>Seconds to wait for a connection, 1 to 600.</summary>
    public int ConnectSeconds { get; init; } = 5;

    /// <summary>Seconds without an answer after which a statement is given up, 1 to 3600.</summary>
    public int CommandSeconds { get; init; } = 30;

    /// <summary>Connections that fetch side by side when an index is copied, 1 to 32.</summary>
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
