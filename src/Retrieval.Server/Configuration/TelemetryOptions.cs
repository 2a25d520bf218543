using OpenTelemetry.Exporter;

namespace Retrieval.Server.Configuration;

/// <summary>Where metrics are sent, beside what <c>GET /metrics</c> answers.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Longest that one sending may take. A collector that is away costs the end of the server as much, once.</summary>
    internal const int TimeoutMs = 3000;

    internal static readonly string[] Protocols = ["http", "grpc"];

    /// <summary>Address of an OpenTelemetry collector, e.g. <c>http://collector:4318</c>; empty for none.</summary>
    public string OtlpEndpoint { get; init; } = "";

    /// <summary><c>http</c> (protobuf, to the path <c>/v1/metrics</c> below the address) or <c>grpc</c>.</summary>
    public string OtlpProtocol { get; init; } = "http";

    /// <summary>Seconds between two sendings, 1 to 3600.</summary>
    public double OtlpIntervalSeconds { get; init; } = 60;

    internal OtlpExportProtocol ExportProtocol =>
        OtlpProtocol.Equals("grpc", StringComparison.OrdinalIgnoreCase) ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;

    /// <summary>What is sent to; null for nothing.</summary>
    internal Uri? Endpoint => OtlpEndpoint.Length == 0
        ? null
        : ExportProtocol == OtlpExportProtocol.Grpc ? new Uri(OtlpEndpoint) : new Uri($"{OtlpEndpoint.TrimEnd('/')}/v1/metrics");

    /// <summary>Whether the address is one.</summary>
    internal static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address is { Scheme: "http" or "https", Host.Length: > 0, UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 };
}
