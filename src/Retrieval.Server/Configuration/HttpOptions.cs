using System.ComponentModel.DataAnnotations;

namespace Retrieval.Server.Configuration;

/// <summary>Addresses and what a connection may do.</summary>
public sealed record HttpOptions
{
    /// <summary>Addresses to listen on, separated by semicolons. <c>https</c> needs a certificate, see <see cref="TlsOptions"/>.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>
    /// Hosts that requests may name in their <c>Host</c> header, separated by semicolons: <c>search.example.com</c>,
    /// <c>*.example.com</c>, <c>*</c> for any. Empty: <c>localhost</c>, <c>127.0.0.1</c> and <c>[::1]</c> if all of
    /// <see cref="Urls"/> are loopback addresses; otherwise any. Any other host is a 400. <c>/health</c> is answered for every host.
    /// </summary>
    public string AllowedHosts { get; init; } = "";

    /// <summary>
    /// Longest body of a request in bytes. A longer one is a 413. A parsed body takes up to fifty times its length; at most
    /// <see cref="LimitsOptions.Concurrent"/> and <see cref="LimitsOptions.WriteConcurrent"/> bodies are parsed at once.
    /// </summary>
    [Range(1024, 1 << 30)]
    public long MaxBodyBytes { get; init; } = 256 << 10;

    /// <summary>
    /// Longest body in bytes of a <c>PUT</c> of an image, of a search by features, and of <c>/v1/explain</c>. It contains the features;
    /// in JSON they are base64, which is a third longer. At most 16 bodies longer than <see cref="MaxBodyBytes"/> are received at once.
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
    /// Most open connections; fewer if the limit of open files (<c>ulimit -n</c>) requires it. When all are in use, the connection
    /// that has waited longest for its client is closed for a new one; if all are busy with requests, a few more are accepted for
    /// health checks. Multiplied by <see cref="MaxBodyBytes"/>, this limits the memory of bodies that are being received or waiting.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 1000;

    /// <summary>Seconds a connection may stay idle between requests.</summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; init; } = 120;

    /// <summary>Seconds within which all headers must arrive.</summary>
    [Range(1, 600)]
    public int HeaderTimeoutSeconds { get; init; } = 15;

    /// <summary>
    /// Lowest rate at which a caller may send a body, in bytes per second. An answer has to be read within
    /// <see cref="LimitsOptions.RequestTimeoutSeconds"/>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MinBytesPerSecond { get; init; } = 16 << 10;

    /// <summary>
    /// Seconds before that rate is enforced; and after <see cref="LimitsOptions.RequestTimeoutSeconds"/> until a connection is closed
    /// whose client does not read its answer.
    /// </summary>
    [Range(2, 600)]
    public int MinRateGraceSeconds { get; init; } = 5;

    /// <summary>The permitted hosts; null for any.</summary>
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
