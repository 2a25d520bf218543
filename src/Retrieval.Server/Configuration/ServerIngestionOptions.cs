using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>Ingestions that are started over HTTP.</summary>
public sealed record ServerIngestionOptions
{
    /// <summary>Folders that may contain sources; if empty, no ingestion can be started over HTTP.</summary>
    public IReadOnlyList<string> Roots { get; init; } = [];

    /// <summary>Seconds a run retries while Postgres is unavailable. After that it fails, and another run resumes where it ended.</summary>
    [Range(1, 86_400)]
    public double RetrySeconds { get; init; } = 600;
}
