using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Retrieval.Domain.Telemetry;
using Retrieval.Server.Configuration;
using Retrieval.Server.Metrics;
using Serilog;
using Serilog.Formatting.Compact;

namespace Retrieval.Server.Audit;

/// <summary>
/// Appends to the file of the audit, or to the log if there is none. A line that the file does not take, as on a full disk, goes to
/// the log as an error and is counted; the change that it tells of has happened and stands.
/// </summary>
internal sealed partial class AuditLog : IDisposable
{
    // Lines of the log have the trace id by themselves.
    private const string Message = "{Action} {Target} by {Caller} from {Remote}: {Status}";
    private const string FileMessage = Message + ", trace {TraceId}";

    private readonly Serilog.Core.Logger? _file;
    private readonly ILogger<AuditLog> _log;
    private readonly Counter<long> _lost;

    /// <exception cref="InvalidConfigurationException">The file cannot be opened.</exception>
    public AuditLog(AuditOptions options, IMeterFactory meters, ILogger<AuditLog> log)
    {
        _log = log;
        _lost = meters.Create(ServerMetrics.MeterName).CreateCounter<long>("retrieval.audit.lost", "{line}", "Lines that the file of the audit did not take; the log has them").FromZero();
        try
        {
            _file = options.File.Length == 0 ? null : new LoggerConfiguration().AuditTo.Sink(new AuditFile(options.File, new RenderedCompactJsonFormatter())).CreateLogger();
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            throw new InvalidConfigurationException([$"Audit:File is '{options.File}', which cannot be opened: {exception.Message}"]);
        }
    }

    public void Write(AuditEntry entry)
    {
        try
        {
            if (_file is null)
            {
                LogEntry(entry.Action, entry.Target, entry.Caller, entry.Remote, entry.Status);
            }
            else
            {
                _file.Information(FileMessage, entry.Action, entry.Target, entry.Caller, entry.Remote, entry.Status, entry.TraceId);
            }
        }
        catch (Exception exception) when (exception is IOException or AggregateException or UnauthorizedAccessException)
        {
            _lost.Add(1);
            LogLost(exception.InnerException?.Message ?? exception.Message, entry.Action, entry.Target, entry.Caller, entry.Remote, entry.Status);
        }
    }

    public void Dispose() => _file?.Dispose();

    [LoggerMessage(EventId = 1510, Level = LogLevel.Information, Message = Message)]
    private partial void LogEntry(string action, string target, string caller, string remote, int status);

    [LoggerMessage(EventId = 1511, Level = LogLevel.Error, Message = "The file of the audit does not take a line: {Reason}. The line: " + Message)]
    private partial void LogLost(string reason, string action, string target, string caller, string remote, int status);
}
