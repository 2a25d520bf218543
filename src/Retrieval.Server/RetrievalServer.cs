using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Retrieval.Server.Access;
using Retrieval.Server.Audit;
using Retrieval.Server.Catalogs;
using Retrieval.Server.Configuration;
using Retrieval.Server.Console;
using Retrieval.Server.Endpoints;
using Retrieval.Server.Errors;
using Retrieval.Server.Further;
using Retrieval.Server.Health;
using Retrieval.Server.Ingestions;
using Retrieval.Server.Limits;
using Retrieval.Server.Limits.Callers;
using Retrieval.Server.Limits.Connections;
using Retrieval.Server.Limits.Tls;
using Retrieval.Server.Loading;
using Retrieval.Server.Logging;
using Retrieval.Server.Metrics;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Pictures;
using Retrieval.Server.Requests;
using Retrieval.Server.Tracing;

namespace Retrieval.Server;

/// <summary>The HTTP server: its composition, and how it is run.</summary>
public static class RetrievalServer
{
    /// <summary>Exit code when the configuration cannot be used.</summary>
    public const int InvalidConfiguration = 2;

    /// <summary>Exit code when the server could not start, or ended with an error.</summary>
    public const int Failed = 1;

    /// <summary>Exit code when the process could not compute any more; whoever watches over it should start it again.</summary>
    public const int Lost = 3;

    /// <summary>Composes the server.</summary>
    /// <param name="options">The options, validated: see <see cref="ServerConfiguration.Read"/>.</param>
    /// <param name="configure">Called before the application is built, to replace or add services.</param>
    public static WebApplication Build(ServerOptions options, Action<WebApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.AddLogs(options.Logging);
        builder.AddKestrel(options.Http);
        builder.AddTls(options.Tls);
        builder.AddConnections(options);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(options.Limits);
        builder.Services.AddSingleton(options.Snapshot);
        builder.Services.AddSingleton(options.Postgres);
        builder.Services.AddSingleton(options.Ingestion);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddRouting();
        builder.Services.AddProblems();
        builder.Services.AddRequests();
        builder.Services.AddAccess(options);
        builder.Services.AddCallerLimits(options.Callers);
        builder.Services.AddAudit(options.Audit);
        builder.Services.AddLimits(options.Limits);
        if (options.Postgres.IsSet)
        {
            builder.Services.AddCatalog(options);
        }
        else
        {
            builder.Services.AddLocalIndex();
        }

        // Registered after the loader, so that it ends after the drain: services are stopped in reverse order.
        builder.Services.AddSnapshot(options);
        builder.Services.AddFurtherIndexes();
        builder.Services.AddIngestions(options);
        builder.Services.AddSingleton<PictureStore>();
        builder.Services.AddTelemetry(options.Telemetry);
        builder.Services.AddTracing(options.Telemetry);
        builder.Services.AddApiDocument();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.LoadCertificate();
        app.StartTelemetry();
        app.StartTracing(options.Telemetry);
        app.UseTraceResponse();
        app.UseAnswerHeaders();
        app.UseRequestLog();
        app.UseConnections(options);
        app.UseRequestRules();
        app.UseAudit();
        app.UseProblems();
        app.UseRouting();
        app.UseAccess(options);
        app.UseCallerLimits();
        app.UseCatalogGate();
        app.UseLargeBodyPermits();
        app.UseRequestBodies();
        app.UseLimits();
        app.MapHealth();
        app.MapPrometheus();
        app.MapApiDocument();
        app.MapQueries(options);
        app.MapConsole(options);
        return app;
    }

    /// <summary>Reads the options, runs the server until it is told to stop, and reports the result.</summary>
    /// <param name="args">The command line after <c>serve</c>; see <see cref="ServerConfiguration"/>.</param>
    /// <param name="errors">Receives faults of the configuration, one per line.</param>
    /// <param name="cancellationToken">Stops the server like SIGTERM does: requests in progress finish.</param>
    /// <returns>The process's exit code: 0, <see cref="Failed"/> or <see cref="InvalidConfiguration"/>. A process that cannot compute
    /// any more does not return: it ends with <see cref="Lost"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter errors, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(errors);
        try
        {
            var app = Build(ServerConfiguration.Read(args));
            await using (app.ConfigureAwait(false))
            {
                await app.StartAsync(cancellationToken).ConfigureAwait(false);
                var told = app.WaitForShutdownAsync(cancellationToken);
                var lost = app.Services.GetRequiredService<Readiness>().LostAsync;
                if (await Task.WhenAny(told, lost).ConfigureAwait(false) == lost)
                {
                    await LostProcess.EndAsync(app, told, Lost).ConfigureAwait(false);
                }

                await told.ConfigureAwait(false);
                return 0;
            }
        }
        catch (InvalidConfigurationException exception)
        {
            foreach (var fault in exception.Faults)
            {
                await errors.WriteLineAsync(fault).ConfigureAwait(false);
            }

            return InvalidConfiguration;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop before it started.
            return 0;
        }
        catch (IOException exception)
        {
            // Usually the address is in use.
            return await NotListeningAsync(errors, exception).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            // The address of another machine, or a port that this account may not use.
            return await NotListeningAsync(errors, exception).ConfigureAwait(false);
        }
    }

    private static async Task<int> NotListeningAsync(TextWriter errors, Exception exception)
    {
        await errors.WriteLineAsync($"retrieval: cannot listen on an address of Http:Urls: {exception.Message}").ConfigureAwait(false);
        return Failed;
    }
}
