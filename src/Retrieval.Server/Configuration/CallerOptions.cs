using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>How much one caller may ask for, where there are keys. A key of the file may have limits of its own.</summary>
public sealed record CallerOptions
{
    /// <summary>Requests a second of each caller; 0 for no limit.</summary>
    [Range(0, 1e9)]
    public double RequestsPerSecond { get; init; }

    /// <summary>Work a second of each caller's searches, scores and explanations, in pairs; 0 for no limit.</summary>
    [Range(0, 1e9)]
    public double PairsPerSecond { get; init; }

    /// <summary>Seconds' worth of both that a caller who was quiet may take at once.</summary>
    [Range(0.1, 3600)]
    public double BurstSeconds { get; init; } = 5;

    /// <summary>Only counts in the metrics what would be refused.</summary>
    public bool DryRun { get; init; }
}
