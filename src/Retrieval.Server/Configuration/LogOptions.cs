using Serilog.Events;

namespace Retrieval.Server.Configuration;

/// <summary>What is logged, and how. Captions, vectors and keys are never logged.</summary>
public sealed record LogOptions
{
    /// <summary>Minimum level.</summary>
    public LogEventLevel Level { get; init; } = LogEventLevel.Information;

    /// <summary>How it is written.</summary>
    public LogFormat Format { get; init; }

    /// <summary>Levels of individual sources, by a prefix of their name, e.g. <c>Microsoft.AspNetCore</c>: <c>Debug</c>.</summary>
    public IReadOnlyDictionary<string, LogEventLevel> Levels { get; init; } = new Dictionary<string, LogEventLevel>();
}
