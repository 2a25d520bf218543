using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Tracing;

/// <summary>
/// Traces by OpenTelemetry's SDK: a span for each request, its query and its stages, the batches of the device, Npgsql's own under the
/// shortlist, the windows of ingestions. They are sent in the background; while the collector is away they are dropped.
/// </summary>
internal static class TracingRegistration
{
    // ASP.NET Core's own: it takes up the caller's trace context.
    private const string RequestSource = "Microsoft.AspNetCore";
    private const string NpgsqlSource = "Npgsql";

    public static void AddTracing(this IServiceCollection services, TelemetryOptions options)
    {
        if (options.TraceEndpoint is not { } endpoint)
        {
            return;
        }

        services.AddOpenTelemetry().WithTracing(traces => traces
            .AddSource(RequestSource, SearchActivities.SourceName, BatchActivities.SourceName, NpgsqlSource)
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceShare)))
            .AddOtlpExporter(collector =>
            {
                collector.Endpoint = endpoint;
                collector.Protocol = options.ExportProtocol;
                collector.TimeoutMilliseconds = TelemetryOptions.TimeoutMs;
                collector.ExportProcessorType = ExportProcessorType.Batch;
            }));
    }

    /// <summary>Starts listening before the first request.</summary>
    public static void StartTracing(this WebApplication app, TelemetryOptions options)
    {
        if (options.TraceEndpoint is not null)
        {
            _ = app.Services.GetRequiredService<TracerProvider>();
        }
    }

    /// <summary>Gives a request's trace context back (W3C Trace Context, level 2), traced or not: the log and the audit have its id.</summary>
    public static void UseTraceResponse(this WebApplication app) => app.Use((context, next) =>
    {
        if (Activity.Current is { } request)
        {
            // Later than now: an error that replaces an answer clears its headers.
            context.Response.OnStarting(() =>
            {
                context.Response.Headers["traceresponse"] = $"00-{request.TraceId.ToHexString()}-{request.SpanId.ToHexString()}-{(request.Recorded ? "01" : "00")}";
                return Task.CompletedTask;
            });
        }

        return next(context);
    });
}
