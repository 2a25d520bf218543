using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Filters;
using Serilog.Formatting;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace Retrieval.Server.Logging;

/// <summary>Structured logs to the console, and one line per request.</summary>
internal static class LogRegistration
{
    private const string AuditSource = "Retrieval.Server.Audit.AuditLog";

    private const string Line = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffK} {Level:u3} {SourceContext} {Message:lj} {TraceId}{NewLine}{Exception}";

    public static void AddLogs(this WebApplicationBuilder builder, LogOptions options)
    {
        // Levels are decided only there.
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddSerilog(Levels(options).WriteTo.Console(Formatter(options)).CreateLogger(), dispose: true);
    }

    public static void UseRequestLog(this WebApplication app) => app.UseMiddleware<RequestLog>();

    /// <summary>What is logged.</summary>
    internal static LoggerConfiguration Levels(LogOptions options)
    {
        // The framework is verbose below warnings; only the addresses it listens on are kept.
        var level = options.Level;
        var logs = new LoggerConfiguration()
            .Enrich.With<WithoutPath>()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", Later(level, LogEventLevel.Warning))
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", Later(level, LogEventLevel.Information))

            // Who asks for less of the log has not asked for changes that nobody wrote down.
            .MinimumLevel.Override(AuditSource, LogEventLevel.Information);

        // The program that runs the server reports in one line why a start failed; the host would add a stack trace.
        logs.Filter.ByExcluding(said => said.MessageTemplate.Text == "Hosting failed to start");

        // It would log whole addresses, at whatever level is asked for; RequestLog has a line for each request.
        logs.Filter.ByExcluding(Matching.FromSource("Microsoft.AspNetCore.Hosting.Diagnostics"));
        foreach (var (source, least) in options.Levels)
        {
            logs.MinimumLevel.Override(source, least);
        }

        return logs;
    }

    /// <summary>How an event is written.</summary>
    internal static ITextFormatter Formatter(LogOptions options) => options.Format == LogFormat.Json
        ? new RenderedCompactJsonFormatter()
        : new MessageTemplateTextFormatter(Line, CultureInfo.InvariantCulture);

    private static LogEventLevel Later(LogEventLevel one, LogEventLevel other) => one > other ? one : other;

    // The framework's request scope adds the path, and with it ids, to every event of the request.
    private sealed class WithoutPath : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) => logEvent.RemovePropertyIfPresent("RequestPath");
    }
}
