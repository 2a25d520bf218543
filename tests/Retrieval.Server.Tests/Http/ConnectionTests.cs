using System.Net;
using Retrieval.Server.Configuration;
using Retrieval.Server.Limits.Connections;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Http;

/// <summary>Real sockets up to the bound on connections and beyond it.</summary>
public sealed class ConnectionTests(ServerFixture fixture)
{
    private const int Most = 20;
    private const string Idle = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Half = "POST /v1/search/images HTTP/1.1\r\nHost: x\r\n";
    private const string SlowBody = "POST /v1/search/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{";
    private const string Search = """{ "caption": "w4" }""";

    [Theory]
    [InlineData(Idle)]
    [InlineData(Half)]
    [InlineData("")]
    public async Task Connections_that_wait_for_their_client_give_way(string sent)
    {
        await using var server = await StartAsync();
        using var crowd = await CrowdAsync(server, 5 * Most, sent);

        await AnswersAsync(server, "/health/live");
        await AnswersAsync(server, "/health/ready");
        using var client = NewClient(server);
        await client.AnswerAsync("/v1/search/images", Search);
        Assert.True(await server.MetricAsync("retrieval_http_connections_displaced_total") >= (4 * Most) - ConnectionTable.HealthPermits);
        Assert.Equal(Most, await server.MetricAsync("retrieval_http_connections_limit"));
        Assert.InRange((await server.MetricAsync("retrieval_http_connections"))!.Value, 1, Most + ConnectionTable.HealthPermits);
    }

    [Fact]
    public async Task The_connection_that_has_waited_longest_gives_way_first()
    {
        await using var server = await StartAsync();
        server.Client.Dispose();
        using var first = await RawSocket.OpenAsync(server.Address, Idle);
        Assert.StartsWith("HTTP/1.1 200 ", await first.AnswerAsync(), StringComparison.Ordinal);
        using var second = await RawSocket.OpenAsync(server.Address, Idle);
        Assert.StartsWith("HTTP/1.1 200 ", await second.AnswerAsync(), StringComparison.Ordinal);
        await first.SendAsync(Idle);
        Assert.StartsWith("HTTP/1.1 200 ", await first.AnswerAsync(), StringComparison.Ordinal);

        using var crowd = new Crowd();
        await Eventually.TrueAsync(() => server.Connections.Open == 2, "the others have left");
        for (var i = 0; i < Most - 1; i++)
        {
            crowd.Add(await RawSocket.OpenAsync(server.Address, Half));
        }

        // One too many: the second has waited longest, and the first is still there.
        Assert.Equal("", await second.RestAsync());
        await first.SendAsync(Idle);
        Assert.StartsWith("HTTP/1.1 200 ", await first.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_all_connections_are_at_work_health_answers_and_the_rest_is_a_503()
    {
        await using var server = await StartAsync();
        using var busy = await CrowdAsync(server, Most, SlowBody);
        await Eventually.TrueAsync(() => server.Connections.AtWork == Most, "all are at work");
        using var more = await CrowdAsync(server, 3 * ConnectionTable.HealthPermits, Half);

        await AnswersAsync(server, "/health/live");
        await AnswersAsync(server, "/health/ready");
        await RefusedAsync(server, "POST /v1/search/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"caption\":\"w4 \"}");
        await RefusedAsync(server, "GET /v1/model HTTP/1.1\r\nHost: x\r\n\r\n");

        // Those at work have not been disturbed, and when they are done there is room.
        busy.Dispose();
        await Eventually.TrueAsync(
            async () =>
            {
                using var client = NewClient(server);
                return (await client.PostAsync("/v1/search/images", Search)).Response.StatusCode == HttpStatusCode.OK;
            },
            "searches work again");
        Assert.True(await server.MetricAsync("retrieval_http_connections_confined_total") > 0);
    }

    [Fact]
    public async Task Requests_at_work_are_not_closed_for_others()
    {
        await using var server = await StartAsync();
        var held = Enumerable.Range(0, Most - 2).Select(_ => server.Client.AskAsync("/v1/held")).ToList();
        await Eventually.TrueAsync(() => server.Gate.Entered == held.Count, "all are worked on");

        using var crowd = await CrowdAsync(server, 4 * Most, Half);
        await AnswersAsync(server, "/health/live");
        server.Gate.Open();

        Assert.All(await Task.WhenAll(held), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task A_server_full_of_waiting_connections_stops_when_told()
    {
        await using var server = await StartAsync();
        using var crowd = await CrowdAsync(server, 3 * Most, Half);

        // Almost always at once. A connection that is taken up while the others are being closed waits until the drain time is over.
        var longest = TimeSpan.FromSeconds(2 * new LimitsOptions().DrainSeconds);
        await server.App.StopAsync(TestContext.Current.CancellationToken).WaitAsync(longest, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(null, "", 1000)]
    [InlineData(1_000_000L, "", 1000)]
    [InlineData(1024L, "", 528)]
    [InlineData(512L, "", 16)]
    [InlineData(1024L, "green;red", 528 - 2 * 144)]
    public void Connections_are_as_many_as_the_limit_of_open_files_leaves_room_for(long? limit, string also, int connections) =>
        Assert.Equal(connections, DescriptorBudget.Connections(new ServerOptions { Snapshot = new ServerSnapshotOptions { Also = also } }, limit));

    [Fact]
    public void A_limit_of_open_files_without_room_for_connections_is_a_fault()
    {
        var fault = Assert.Single(Assert.Throws<InvalidConfigurationException>(() => DescriptorBudget.Connections(new ServerOptions(), 511)).Faults);

        Assert.Equal("the limit of open files (ulimit -n) is 511; expected at least 512, or 1496 for the 1000 connections of Http:MaxConnections", fault);
    }

    private async Task<RunningServer> StartAsync()
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        var server = await RunningServer.StartAsync(options with { Http = options.Http with { MaxConnections = Most, MinRateGraceSeconds = 600, HeaderTimeoutSeconds = 600 } });
        return await server.ReadyAsync();
    }

    // A connection of its own, asked for until there is an answer: a probe's connection may be closed before it has asked.
    private static Task AnswersAsync(RunningServer server, string path) => Eventually.TrueAsync(
        async () =>
        {
            using var probe = await RawSocket.OpenAsync(server.Address, $"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            return (await probe.RestAsync()).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal);
        },
        $"{path} answers");

    private static async Task RefusedAsync(RunningServer server, string request)
    {
        using var socket = await RawSocket.OpenAsync(server.Address, request);
        var answer = await socket.RestAsync();

        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("all connections of this server are at work", answer, StringComparison.Ordinal);
    }

    private static async Task<Crowd> CrowdAsync(RunningServer server, int count, string sent)
    {
        var crowd = new Crowd();
        for (var i = 0; i < count; i++)
        {
            crowd.Add(await RawSocket.OpenAsync(server.Address, sent));
        }

        return crowd;
    }

    private static HttpClient NewClient(RunningServer server) => new() { BaseAddress = server.Address };
}
