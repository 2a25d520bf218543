using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>Everything that was logged, as text.</summary>
public sealed class CapturedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public IEnumerable<LogEntry> Of(int eventId) => _entries.Where(entry => entry.EventId == eventId);

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
    }

    // A test that fails shows the server's faults with it. What is logged after the test has ended is nobody's.
    private static void Tell(LogEntry entry)
    {
        try
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{entry.Category} {entry.EventId}: {entry.Message} {entry.Exception}");
        }
        catch (InvalidOperationException)
        {
        }
    }

    private sealed class Writer(CapturedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var entry = new LogEntry(category, logLevel, eventId.Id, formatter(state, exception), exception);
            log._entries.Enqueue(entry);
            if (logLevel >= LogLevel.Error)
            {
                Tell(entry);
            }
        }
    }
}

public sealed record LogEntry(string Category, LogLevel Level, int EventId, string Message, Exception? Exception);
