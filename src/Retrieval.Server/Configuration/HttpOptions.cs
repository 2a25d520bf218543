using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>Addresses and what a connection may do.</summary>
public sealed record HttpOptions
{
    /// <summary>Addresses to listen on, separated by semicolons; <c>http</c> only. Put a proxy in front for TLS.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>
    /// Hosts that requests may name in their <c>Host</c> header, separated by semicolons: <c>search.example.com</c>,
    /// <c>*.example.com</c>, <c>*</c> for any. Empty: where all of <see cref="Urls"/> are loopback addresses, <c>localhost</c>,
    /// <c>127.0.0.1</c> and <c>[::1]</c>; otherwise any. Another is a 400. <c>/health</c> is answered whatever the host.
    /// </summary>
    public string AllowedHosts { get; init; } = "";

    /// <summary>
    /// Longest body of a request in bytes. A longer one is a 413. Parsed, which at most
    /// <see cref="LimitsOptions.Concurrent"/> and <see cref="LimitsOptions.WriteConcurrent"/> bodies are at once, a body takes up to fifty times its length.
    /// </summary>
    [Range(1024, 1 << 30)]
    public long MaxBodyBytes { get; init; } = 256 << 10;

    /// <summary>
    /// Longest body of a <c>PUT</c> of an image in bytes: its features are in it, in JSON as base64, which
    /// is a third longer. At most 16 such bodies are received at once.
    /// </summary>
    [Range(1024, 256 << 20)]
    public long MaxImageBytes { get; init; } = 8 << 20;

    /// <summary>Deepest nesting of a JSON body.</summary>
    [Range(4, 64)]
    public int MaxJsonDepth { get; init; } = 16;

    /// <summary>Most bytes of all headers of a request.</summary>
    [Range(1024, 1 << 20)]
    public int MaxHeaderBytes { get; init; } = 32 << 10;

    /// <summary>
    /// Most open connections; fewer where the limit of open files (<c>ulimit -n</c>) leaves room for fewer. When
    /// they are reached, the one that has waited longest for its client is closed for a new one; when all are at work, a few
    /// more are let in to ask for health. Times <see cref="MaxBodyBytes"/>, the most memory that bodies can take while they arrive and wait.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 1000;

    /// <summary>Seconds a connection may stay idle between requests.</summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; init; } = 120;

    /// <summary>Seconds within which all headers must have come.</summary>
    [Range(1, 600)]
    public int HeaderTimeoutSeconds { get; init; } = 15;

    /// <summary>Slowest a caller may send a body or take an answer, in bytes a second.</summary>
    [Range(1, 1_000_000)]
    public int MinBytesPerSecond { get; init; } = 240;

    /// <summary>Seconds before that rate is asked for.</summary>
    [Range(2, 600)]
    public int MinRateGraceSeconds { get; init; } = 5;

    /// <summary>The hosts that may be named; null for any.</summary>
    internal string[]? Hosts
    {
        get
        {
            var named = AllowedHosts.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return named.Length > 0 ? (named.Contains("*") ? null : named)
                : ListenAddress.Split(Urls).All(ListenAddress.IsLoopback) ? ["localhost", "127.0.0.1", "[::1]"] : null;
        }
    }
}
