using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace Retrieval.Server.Logging;

/// <summary>Structured logs to the console, and one line a request.</summary>
internal static class LogRegistration
{
    private const string Line = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffK} {Level:u3} {SourceContext} {Message:lj} {TraceId}{NewLine}{Exception}";

    public static void AddLogs(this WebApplicationBuilder builder, LogOptions options)
    {
        // Levels are decided there alone.
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddSerilog(Create(options), dispose: true);
    }

    public static void UseRequestLog(this WebApplication app) => app.UseMiddleware<RequestLog>();

    private static Serilog.Core.Logger Create(LogOptions options)
    {
        // The framework is talkative below warnings, save for where it listens.
        var level = LevelOf(options.Level);
        var logs = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", Later(level, LogEventLevel.Warning))
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", Later(level, LogEventLevel.Information));
        foreach (var (source, least) in options.Levels)
        {
            logs.MinimumLevel.Override(source, LevelOf(least));
        }

        return options.Format.Equals("json", StringComparison.OrdinalIgnoreCase)
            ? logs.WriteTo.Console(new JsonFormatter(renderMessage: true, formatProvider: CultureInfo.InvariantCulture)).CreateLogger()
            : logs.WriteTo.Console(outputTemplate: Line, formatProvider: CultureInfo.InvariantCulture).CreateLogger();
    }

    private static LogEventLevel Later(LogEventLevel one, LogEventLevel other) => one > other ? one : other;

    private static LogEventLevel LevelOf(string name) => Enum.Parse<LogEventLevel>(name, ignoreCase: true);
}
