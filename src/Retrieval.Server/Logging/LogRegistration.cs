using System.Globalization;
using Microsoft.AspNetCore.Builder;
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
        builder.Logging.AddSerilog(Create(options), dispose: true);
    }

    public static void UseRequestLog(this WebApplication app) => app.UseMiddleware<RequestLog>();

    private static Serilog.Core.Logger Create(LogOptions options)
    {
        var logs = new LoggerConfiguration()
            .MinimumLevel.Is(LevelOf(options.Level))
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information);
        foreach (var (source, level) in options.Levels)
        {
            logs.MinimumLevel.Override(source, LevelOf(level));
        }

        return options.Format.Equals("json", StringComparison.OrdinalIgnoreCase)
            ? logs.WriteTo.Console(new JsonFormatter(renderMessage: true, formatProvider: CultureInfo.InvariantCulture)).CreateLogger()
            : logs.WriteTo.Console(outputTemplate: Line, formatProvider: CultureInfo.InvariantCulture).CreateLogger();
    }

    private static LogEventLevel LevelOf(string name) => Enum.Parse<LogEventLevel>(name, ignoreCase: true);
}
