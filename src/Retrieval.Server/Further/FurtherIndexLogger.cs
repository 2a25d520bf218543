using Microsoft.Extensions.Logging;

namespace Retrieval.Server.Further;

/// <summary>Logs for a service of a further index: what writes is named with the index, since the messages are those of the served one.</summary>
internal sealed class FurtherIndexLogger<T>(ILoggerFactory factory, string index) : ILogger<T>
{
    private readonly ILogger _logger = factory.CreateLogger($"{typeof(T).FullName}.{index}");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => _logger.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _logger.Log(logLevel, eventId, state, exception, formatter);
}
