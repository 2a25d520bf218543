using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Metrics;

/// <summary>The metrics, collected by OpenTelemetry's SDK: for Prometheus, and for a collector if one is configured.</summary>
internal static class MetricsRegistration
{
    private static readonly string[] Meters =
    [
        "Retrieval.*",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.AspNetCore.RateLimiting",
        "System.Runtime",
    ];

    public static void AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        services.AddInstruments<ServerMetrics>();
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("retrieval", serviceVersion: typeof(MetricsRegistration).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics => metrics.AddMeter(Meters).AddText().AddOtlp(options));
        services.ConfigureOpenTelemetryMeterProvider((provider, metrics) =>
        {
            var own = provider.GetRequiredService<IMeterFactory>();
            metrics.AddView(instrument => Streams.Of(instrument, own));
        });
    }

    /// <summary>
    /// Adds a class that creates instruments in its constructor. It is created at startup, so that they report from then on.
    /// </summary>
    public static void AddInstruments<T>(this IServiceCollection services)
        where T : class
    {
        services.AddSingleton<T>();
        services.AddSingleton(new MadeAtStart(typeof(T)));
    }

    /// <summary>
    /// Starts listening now, not at the first scrape, and before there is an instrument, so that the first events count too.
    /// </summary>
    public static void StartTelemetry(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<MeterProvider>();
        foreach (var made in app.Services.GetServices<MadeAtStart>())
        {
            _ = app.Services.GetRequiredService(made.Type);
        }
    }

    // Only the names and labels of the instruments, and always the current values.
    private static MeterProviderBuilder AddText(this MeterProviderBuilder metrics) => metrics.AddPrometheusExporter(text =>
    {
        text.ScopeInfoEnabled = false;
        text.TargetInfoEnabled = false;
        text.ScrapeResponseCacheDurationMilliseconds = 0;
    });

    private static MeterProviderBuilder AddOtlp(this MeterProviderBuilder metrics, TelemetryOptions options) =>
        options.Endpoint is not { } endpoint ? metrics : metrics.AddOtlpExporter((collector, reader) =>
        {
            collector.Endpoint = endpoint;
            collector.Protocol = options.ExportProtocol;
            collector.TimeoutMilliseconds = TelemetryOptions.TimeoutMs;
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)(options.OtlpIntervalSeconds * 1000);
            reader.PeriodicExportingMetricReaderOptions.ExportTimeoutMilliseconds = TelemetryOptions.TimeoutMs;
        });

    private sealed record MadeAtStart(Type Type);
}
