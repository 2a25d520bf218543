using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>Ingestions that are started over HTTP.</summary>
public sealed record ServerIngestionOptions
{
    /// <summary>Folders below which sources may lie; none: no ingestion can be started over HTTP.</summary>
    public IReadOnlyList<string> Roots { get; init; } = [];

    /// <summary>Seconds a run holds out while Postgres is away. Then it has failed, and another one goes on where it ended.</summary>
    [Range(1, 86_400)]
    public double RetrySeconds { get; init; } = 600;
}
