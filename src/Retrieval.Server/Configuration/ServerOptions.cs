using Retrieval.Domain.Images;
using Retrieval.Inference;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Configuration;

/// <summary>All settings of the server. Each property is a section; a key is e.g. <c>Http:Urls</c>.</summary>
public sealed record ServerOptions
{
    /// <summary>Addresses and what a connection may do.</summary>
    public HttpOptions Http { get; init; } = new();

    /// <summary>The certificate of <c>https</c> addresses.</summary>
    public TlsOptions Tls { get; init; } = new();

    /// <summary>Who may do what.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>Tokens of an identity provider.</summary>
    public JwtOptions Jwt { get; init; } = new();

    /// <summary>How much one caller may ask for.</summary>
    public CallerOptions Callers { get; init; } = new();

    /// <summary>The record of who changed what.</summary>
    public AuditOptions Audit { get; init; } = new();

    /// <summary>How much work is accepted at once, and for how long.</summary>
    public LimitsOptions Limits { get; init; } = new();

    /// <summary>Bounds and defaults of a search request.</summary>
    public SearchOptions Search { get; init; } = new();

    /// <summary>What may be stored of an image, whichever way it reaches this server.</summary>
    public ImageBounds Images { get; init; } = new();

    /// <summary>Where the pictures of images are.</summary>
    public PictureOptions Pictures { get; init; } = new();

    /// <summary>The page for people.</summary>
    public ConsoleOptions Console { get; init; } = new();

    /// <summary>The bundle and the index that are served.</summary>
    public ServerSnapshotOptions Snapshot { get; init; } = new();

    /// <summary>The catalog that is followed; empty for embedded mode.</summary>
    public PostgresOptions Postgres { get; init; } = new();

    /// <summary>Ingestions that are started over HTTP.</summary>
    public ServerIngestionOptions Ingestion { get; init; } = new();

    /// <summary>How the model is run.</summary>
    public InferenceOptions Inference { get; init; } = new();

    /// <summary>What is logged, and how.</summary>
    public LogOptions Logging { get; init; } = new();

    /// <summary>Where metrics are sent.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>The further indexes that are held beside the one that is served.</summary>
    internal IReadOnlyList<FurtherIndexOption> FurtherIndexes => FurtherIndexOption.Read(Snapshot.Also, Postgres.IsSet ? null : Snapshot.Index, []);

    /// <summary>Whether a request has to present a key or a token.</summary>
    internal bool AsksForKeys => Access.KeyFile.Length > 0 || Jwt.IsSet;
}
