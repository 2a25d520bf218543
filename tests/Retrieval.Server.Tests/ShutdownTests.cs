using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

/// <summary>The end: what SIGTERM does, which stops the host as these tests do.</summary>
[Trait("Promise", "12")]
public sealed class ShutdownTests(ServerFixture fixture)
{
    [Fact]
    public async Task Shutting_down_finishes_what_was_accepted_and_takes_no_more()
    {
        await using var server = await StartAsync(new LimitsOptions { DrainSeconds = 30 });
        var held = Hold(server, 3);
        await Eventually.TrueAsync(() => server.Gate.Entered == 3, "all are worked on");

        var stopped = server.App.StopAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => !await AcceptsAsync(server), "no new connection is taken");
        Assert.False(stopped.IsCompleted);
        server.Gate.Open();

        Assert.All(await Task.WhenAll(held), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        await stopped.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Shutting_down_is_announced_before_the_socket_closes()
    {
        await using var server = await StartAsync(new LimitsOptions { DrainDelaySeconds = 8 });
        var watch = Stopwatch.StartNew();
        var stopped = server.App.StopAsync(TestContext.Current.CancellationToken);

        await Eventually.TrueAsync(async () => (await server.Client.AskAsync("/health/ready")).StatusCode == HttpStatusCode.ServiceUnavailable, "readiness is red");
        var problem = await (await server.Client.AskAsync("/health/ready")).ProblemAsync(503);
        Assert.Equal("this replica is shutting down", (string?)problem["reasons"]![0]);
        await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");

        await stopped.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(7.9));
    }

    [Fact]
    public async Task What_does_not_finish_in_time_is_cancelled()
    {
        await using var server = await StartAsync(new LimitsOptions { DrainSeconds = 0.5 });
        var held = Hold(server, 1);
        await Eventually.TrueAsync(() => server.Gate.Entered == 1, "it is worked on");

        await server.App.StopAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<HttpRequestException>(() => held[0]);
        await Eventually.TrueAsync(() => server.Gate.Cancelled == 1, "it was told");
    }

    private async Task<RunningServer> StartAsync(LimitsOptions limits)
    {
        var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with { Limits = limits });
        return await server.ReadyAsync();
    }

    private static List<Task<HttpResponseMessage>> Hold(RunningServer server, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => server.Client.AskAsync("/v1/held"))];

    private static async Task<bool> AcceptsAsync(RunningServer server)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(server.Address.Host, server.Address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
