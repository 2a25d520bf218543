using System.ComponentModel.DataAnnotations;
using OpenTelemetry.Exporter;

namespace Retrieval.Server.Configuration;

/// <summary>Where metrics are sent, in addition to the answer of <c>GET /metrics</c>.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Longest time for one export. If the collector is unavailable, the server's shutdown takes this much longer, once.</summary>
    internal const int TimeoutMs = 3000;

    /// <summary>Address of an OpenTelemetry collector, e.g. <c>http://collector:4318</c>; empty for none.</summary>
    public string OtlpEndpoint { get; init; } = "";

    /// <summary>How they are sent.</summary>
    public OtlpProtocol OtlpProtocol { get; init; }

    /// <summary>Seconds between two exports.</summary>
    [Range(1, 3600)]
    public double OtlpIntervalSeconds { get; init; } = 60;

    internal OtlpExportProtocol ExportProtocol =>
        OtlpProtocol == OtlpProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;

    /// <summary>Address of the export; null for none.</summary>
    internal Uri? Endpoint => OtlpEndpoint.Length == 0
        ? null
        : ExportProtocol == OtlpExportProtocol.Grpc ? new Uri(OtlpEndpoint) : new Uri($"{OtlpEndpoint.TrimEnd('/')}/v1/metrics");

    /// <summary>Whether the text is a valid address.</summary>
    internal static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address is { Scheme: "http" or "https", Host.Length: > 0, UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 };
}
