using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Metrics;

public sealed class OtlpTests
{
    [Fact]
    public async Task Metrics_are_sent_to_a_collector_as_protobuf_over_http()
    {
        var received = new TaskCompletionSource<(string Path, string? Type, byte[] Body)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.TrySetResult((context.Request.Path, context.Request.ContentType, body.ToArray()));
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);
        await using var server = await RunningServer.StartAsync(Options(collector.Urls.Single()));

        var (path, type, bytes) = await received.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.Equal(("/v1/metrics", "application/x-protobuf"), (path, type));
        var text = Encoding.Latin1.GetString(bytes);
        Assert.All(
            new[] { "service.name", "retrieval", "Retrieval.Search", "retrieval.pairs.scored", "retrieval.queries.degraded", "retrieval.ready", "retrieval.http.connections.displaced", "dotnet.gc.collections" },
            name => Assert.Contains(name, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_is_away_neither_slows_nor_fails_the_server(bool listens)
    {
        // One refuses, and one takes the connection and never answers.
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var address = $"http://{silent.LocalEndpoint}";
        if (!listens)
        {
            silent.Stop();
        }

        var server = await RunningServer.StartAsync(Options(address));
        await Eventually.TrueAsync(() => Task.FromResult(!listens || silent.Pending()), "it was tried to send");
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < 50; i++)
        {
            var began = Stopwatch.GetTimestamp();
            using var live = await server.Client.AskAsync("/health/live");
            using var metrics = await server.Client.AskAsync("/metrics");
            Assert.True(live.IsSuccessStatusCode && metrics.IsSuccessStatusCode);
            slowest = Stopwatch.GetElapsedTime(began) is var took && took > slowest ? took : slowest;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.True(slowest.TotalMilliseconds < TelemetryOptions.TimeoutMs, $"a scrape took {slowest}");
        var stopping = Stopwatch.GetTimestamp();
        await server.DisposeAsync();
        Assert.True(Stopwatch.GetElapsedTime(stopping) < TimeSpan.FromSeconds(30), $"the end took {Stopwatch.GetElapsedTime(stopping)}");
    }

    [Theory]
    [InlineData("--Telemetry:OtlpEndpoint=collector:4318", "Telemetry:OtlpEndpoint is no address of a collector; expected one such as http://collector:4318, without a user, a query or a fragment")]
    [InlineData("--Telemetry:OtlpEndpoint=http://user:secret@collector", "Telemetry:OtlpEndpoint is no address of a collector; expected one such as http://collector:4318, without a user, a query or a fragment")]
    [InlineData("--Telemetry:OtlpProtocol=json", "Telemetry:OtlpProtocol is 'json'; expected one of http, grpc")]
    [InlineData("--Telemetry:OtlpIntervalSeconds=0.5", "Telemetry:OtlpIntervalSeconds is 0.5; expected 1 to 3600")]
    public void What_cannot_be_sent_to_is_a_fault(string argument, string fault) =>
        Assert.Equal([fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", argument])).Faults);

    [Theory]
    [InlineData("http://collector:4318", OtlpProtocol.Http, "http://collector:4318/v1/metrics")]
    [InlineData("https://collector/otlp/", OtlpProtocol.Http, "https://collector/otlp/v1/metrics")]
    [InlineData("http://collector:4317", OtlpProtocol.Grpc, "http://collector:4317/")]
    [InlineData("", OtlpProtocol.Http, null)]
    public void The_path_of_metrics_is_added_for_http(string address, OtlpProtocol protocol, string? expected) =>
        Assert.Equal(expected, new TelemetryOptions { OtlpEndpoint = address, OtlpProtocol = protocol }.Endpoint?.AbsoluteUri);

    private static ServerOptions Options(string address) => RunningServer.Options("/nonexistent-bundle", "/nonexistent-index") with
    {
        Telemetry = new TelemetryOptions { OtlpEndpoint = address, OtlpIntervalSeconds = 0.1 },
    };
}
