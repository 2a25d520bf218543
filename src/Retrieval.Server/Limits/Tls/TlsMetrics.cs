using System.Diagnostics.Metrics;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Limits.Tls;

/// <summary>When the certificate ends, and whether a renewal could not be used.</summary>
internal sealed class TlsMetrics
{
    public TlsMetrics(IMeterFactory meters, CertificateMonitor certificate)
    {
        var meter = meters.Create(ServerMetrics.MeterName);
        meter.CreateObservableGauge("retrieval.tls.certificate.expiry", () => certificate.Current.Expires.ToUnixTimeSeconds(), "s", "When the served certificate ends, in seconds since 1970");
        meter.CreateObservableGauge("retrieval.tls.certificate.fault", () => certificate.Fault ? 1 : 0, description: "1 while the certificate's files cannot be used and the former certificate is served, otherwise 0");
    }
}
