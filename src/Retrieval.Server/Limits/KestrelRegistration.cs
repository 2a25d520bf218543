using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Retrieval.Server.Configuration;
using Retrieval.Server.Limits.Connections;
using Retrieval.Server.Limits.Tls;

namespace Retrieval.Server.Limits;

/// <summary>Addresses, and limits of a connection.</summary>
internal static class KestrelRegistration
{
    // Bytes a second. Low, since it is measured at the socket, whose buffer of megabytes takes no more bytes until a third of it was
    // read: a client that reads well seems to stand still meanwhile. UnreadAnswers and ConnectionTable bound the time of an answer.
    private const double LeastResponseRate = 240;

    public static void AddKestrel(this WebApplicationBuilder builder, HttpOptions http)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            foreach (var url in ListenAddress.Split(http.Urls))
            {
                Listen(kestrel, ListenAddress.Of(url));
            }

            kestrel.AddServerHeader = false;
            var limits = kestrel.Limits;
            limits.MaxRequestBodySize = http.MaxBodyBytes;
            limits.MaxRequestHeadersTotalSize = http.MaxHeaderBytes;
            limits.MaxRequestLineSize = Math.Min(limits.MaxRequestLineSize, http.MaxHeaderBytes);

            // Connections.ConnectionTable limits them, over all addresses, and knows which can be closed.
            limits.MaxConcurrentConnections = null;
            limits.KeepAliveTimeout = TimeSpan.FromSeconds(http.KeepAliveSeconds);
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(http.HeaderTimeoutSeconds);
            var grace = TimeSpan.FromSeconds(http.MinRateGraceSeconds);
            limits.MinRequestBodyDataRate = new MinDataRate(http.MinBytesPerSecond, grace);
            limits.MinResponseDataRate = new MinDataRate(LeastResponseRate, grace);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, BindingAddress address)
    {
        switch (address.Host)
        {
            case "*" or "+":
                kestrel.ListenAnyIP(address.Port, Configure);
                break;
            case var host when IPAddress.TryParse(host, out var ip):
                kestrel.Listen(ip, address.Port, Configure);
                break;
            default:
                kestrel.ListenLocalhost(address.Port, Configure);
                break;
        }

        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            if (address.Scheme == Uri.UriSchemeHttps)
            {
                listen.UseTls();
            }

            // Behind TLS: what it writes is encrypted like every other answer.
            listen.UseBareErrorBodies();
        }
    }
}
