using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Access;
using Retrieval.Server.Configuration;
using Retrieval.Server.Limits;
using Retrieval.Server.Limits.Connections;
using Retrieval.Server.Tests.Metrics;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>A real server on a port of its own.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    private RunningServer(WebApplication app, CapturedLog log, Gate gate)
    {
        App = app;
        Log = log;
        Gate = gate;
        // The first, where a test listens on more.
        Address = new Uri(app.Urls.First());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>Its open connections.</summary>
    internal ConnectionTable Connections => App.Services.GetRequiredService<ConnectionTable>();

    /// <summary>What was logged.</summary>
    public CapturedLog Log { get; }

    /// <summary>Behind <c>GET /v1/held</c>, a route of these tests inside the limits: it answers when the gate opens.
    /// <c>GET /v1/held/without-timeout</c> has no bound on its time. <c>GET /held/metrics</c> and <c>GET /held/document</c> are behind the
    /// limits of metrics and of the API's document. <c>GET /undeclared</c> says nothing about who may ask it.</summary>
    internal Gate Gate { get; }

    public static ServerOptions Options(string bundle, string index) => new()
    {
        // Requests of these tests name hosts of all kinds.
        Http = new HttpOptions { Urls = "http://127.0.0.1:0", AllowedHosts = "*" },
        Snapshot = new ServerSnapshotOptions { Bundle = bundle, Index = index, RefreshSeconds = 0.05, RetrySeconds = 0.1 },
        Inference = new() { Threads = 1 },
        Logging = new LogOptions { Level = Serilog.Events.LogEventLevel.Fatal },
    };

    /// <summary>A replica of a catalog, with a cache folder of its own.</summary>
    public static ServerOptions Options(string bundle, string cache, string postgres) => Options(bundle, cache) with
    {
        // A slow machine needs longer than the default for a shortlist that nothing holds up.
        Postgres = new PostgresOptions { ConnectionString = postgres, FollowSeconds = 0.05, ConnectSeconds = 5, CommandSeconds = 5, VisibleSeconds = 20, ShortlistTimeoutMs = 2_000 },
    };

    /// <param name="options">The options.</param>
    /// <param name="replace">Puts something else in the place of a part, for time and faults.</param>
    public static async Task<RunningServer> StartAsync(ServerOptions options, Action<IServiceCollection>? replace = null)
    {
        var log = new CapturedLog();
        var gate = new Gate();
        var app = RetrievalServer.Build(options, builder =>
        {
            builder.Logging.AddProvider(log);
            replace?.Invoke(builder.Services);
        });
        var held = app.MapGroup("/v1/held").RequireRole(Role.Query).RequireLimits().ExcludeFromDescription();
        held.MapGet("", gate.PassAsync);
        held.MapGet("/without-timeout", gate.PassAsync).DisableRequestTimeout();
        app.MapGet("/held/metrics", gate.PassAsync).RequireRole(Role.Metrics).RequireMetricsLimit().ExcludeFromDescription();
        app.MapGet("/held/document", gate.PassAsync).RequireRole(Role.Query).RequireDocumentLimit().ExcludeFromDescription();
        app.MapGet("/undeclared", () => "open").ExcludeFromDescription();
        await app.StartAsync();
        return new RunningServer(app, log, gate);
    }

    public async Task<RunningServer> ReadyAsync()
    {
        await Eventually.TrueAsync(async () =>
        {
            using var response = await Client.GetAsync("/health/ready");
            return response.IsSuccessStatusCode;
        }, "the server is ready");
        return this;
    }

    /// <summary>A value of <c>/metrics</c>: of one series, or the sum of a family.</summary>
    internal async Task<double?> MetricAsync(string name)
    {
        var text = await Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var metrics = Exposition.Parse(text);
        return metrics.Samples.TryGetValue(name, out var value) ? value : metrics.Sum(name);
    }

    /// <summary>Sends bytes as they are and gives back all that comes until the server closes.</summary>
    public async Task<string> RawAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Address.Host, Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        Gate.Open();
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        Log.Dispose();
    }
}
