using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;
using Retrieval.Server.Metrics;

namespace Retrieval.Server.Limits.Connections;

/// <summary>Registers the bound on connections and what happens when it is reached.</summary>
internal static partial class ConnectionRegistration
{
    /// <exception cref="InvalidConfigurationException">The limit of open files leaves no room for connections.</exception>
    public static void AddConnections(this WebApplicationBuilder builder, ServerOptions options)
    {
        var most = DescriptorBudget.Connections(options, OpenFileLimit.Current);
        builder.Services.AddInstruments<ConnectionMetrics>();
        builder.Services.AddSingleton(provider =>
        {
            var metrics = provider.GetRequiredService<ConnectionMetrics>();
            var longestUnread = TimeSpan.FromSeconds(options.Limits.RequestTimeoutSeconds + options.Http.MinRateGraceSeconds);
            var table = new ConnectionTable(most, longestUnread, provider.GetRequiredService<TimeProvider>(), metrics);
            metrics.Watch(table);
            return table;
        });

        // Registered after the server's own, which it replaces.
        builder.Services.AddSingleton<IConnectionListenerFactory, ConnectionListenerFactory>();
    }

    public static void UseConnections(this WebApplication app, ServerOptions options)
    {
        app.UseMiddleware<ConnectionPermits>();
        var most = app.Services.GetRequiredService<ConnectionTable>().Most;
        if (most < options.Http.MaxConnections)
        {
            LogLowered(app.Logger, most, options.Http.MaxConnections, OpenFileLimit.Current ?? 0);
        }
    }

    [LoggerMessage(EventId = 1010, Level = LogLevel.Warning, Message = "Most connections are {Most}, not the {Configured} of Http:MaxConnections: the limit of open files (ulimit -n) is {Limit}")]
    private static partial void LogLowered(ILogger logger, int most, int configured, long limit);
}
