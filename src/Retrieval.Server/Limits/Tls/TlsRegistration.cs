using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Configuration;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Limits.Tls;

/// <summary>TLS by Kestrel, with a certificate that is exchanged without a restart.</summary>
internal static class TlsRegistration
{
    public static void AddTls(this WebApplicationBuilder builder, TlsOptions options)
    {
        if (options.IsSet)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.Services.AddSingleton(options);
            builder.Services.AddSingleton<CertificateMonitor>();
            builder.Services.AddHostedService(provider => provider.GetRequiredService<CertificateMonitor>());
            builder.Services.AddInstruments<TlsMetrics>();
        }
    }

    /// <summary>Reads the certificate now, so that a server with one that cannot be used does not start.</summary>
    /// <exception cref="InvalidConfigurationException">It cannot be used.</exception>
    public static void LoadCertificate(this WebApplication app) => app.Services.GetService<CertificateMonitor>()?.Load();

    /// <summary>Speaks TLS on an address. Each handshake takes the certificate of that moment.</summary>
    public static void UseTls(this ListenOptions listen)
    {
        var certificate = listen.ApplicationServices.GetRequiredService<CertificateMonitor>();
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.Current.Options) });
    }
}
