using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Limits;

/// <summary>Limits of a connection.</summary>
internal static class KestrelRegistration
{
    public static void AddKestrel(this WebApplicationBuilder builder, HttpOptions http)
    {
        builder.WebHost.UseKestrelCore().UseUrls(http.Urls).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
            var limits = kestrel.Limits;
            limits.MaxRequestBodySize = http.MaxBodyBytes;
            limits.MaxRequestHeadersTotalSize = http.MaxHeaderBytes;
            limits.MaxRequestLineSize = Math.Min(limits.MaxRequestLineSize, http.MaxHeaderBytes);

            // Connections.ConnectionTable limits them, over all addresses, and knows which can be closed.
            limits.MaxConcurrentConnections = null;
            limits.KeepAliveTimeout = TimeSpan.FromSeconds(http.KeepAliveSeconds);
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(http.HeaderTimeoutSeconds);
            var rate = new MinDataRate(http.MinBytesPerSecond, TimeSpan.FromSeconds(http.MinRateGraceSeconds));
            limits.MinRequestBodyDataRate = rate;
            limits.MinResponseDataRate = rate;
        });
    }
}
