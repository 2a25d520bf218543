using System.ComponentModel.DataAnnotations;
using OpenTelemetry.Exporter;

namespace Retrieval.Server.Configuration;

/// <summary>Where metrics are sent, in addition to the answer of <c>GET /metrics</c>, and traces.</summary>
public sealed record TelemetryOptions
{
    /// <summary>Longest time for one export. If the collector is unavailable, the server's shutdown takes this much longer, once.</summary>
    internal const int TimeoutMs = 3000;

    /// <summary>Address of an OpenTelemetry collector, e.g. <c>http://collector:4318</c>; empty for none.</summary>
    public string OtlpEndpoint { get; init; } = "";

    /// <summary>How they are sent.</summary>
    public OtlpProtocol OtlpProtocol { get; init; }

    /// <summary>
    /// Share of the requests that are traced, 0 to 1. A request that comes with a W3C trace context (<c>traceparent</c>) is traced as
    /// its caller says.
    /// </summary>
    [Range(0.0, 1.0)]
    public double TraceShare { get; init; }

    /// <summary>Seconds between two exports of metrics.</summary>
    [Range(1, 3600)]
    public double OtlpIntervalSeconds { get; init; } = 60;

    internal OtlpExportProtocol ExportProtocol =>
        OtlpProtocol == OtlpProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;

    /// <summary>Address of the export of metrics; null for none.</summary>
    internal Uri? Endpoint => AddressOf("metrics");

    /// <summary>Address of the export of traces; null if there are none.</summary>
    internal Uri? TraceEndpoint => TraceShare > 0 ? AddressOf("traces") : null;

    private Uri? AddressOf(string signal) => OtlpEndpoint.Length == 0
        ? null
        : ExportProtocol == OtlpExportProtocol.Grpc ? new Uri(OtlpEndpoint) : new Uri($"{OtlpEndpoint.TrimEnd('/')}/v1/{signal}");

    /// <summary>Whether the text is a valid address.</summary>
    internal static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address is { Scheme: "http" or "https", Host.Length: > 0, UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 };
}
