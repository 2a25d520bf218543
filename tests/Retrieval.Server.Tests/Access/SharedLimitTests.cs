using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Access;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Server.Tests.Metrics;

namespace Retrieval.Server.Tests.Access;

/// <summary>Real sockets of a caller who holds all it can get, and another caller beside it, who is answered.</summary>
public sealed class SharedLimitTests(ServerFixture fixture) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private KeyRingFile _keys = null!;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Permits_that_one_caller_holds_are_not_missing_for_another()
    {
        await using var server = await StartAsync(limits: new LimitsOptions { Concurrent = 2, Queue = 2 });
        var noisy = Enumerable.Range(0, 2).Select(_ => AskAsync(server, "noisy", "/v1/held")).ToList();
        await Eventually.TrueAsync(() => server.Gate.Entered == 2, "all permits are held");
        noisy.AddRange(Enumerable.Range(0, 2).Select(_ => AskAsync(server, "noisy", "/v1/held")));
        await Eventually.TrueAsync(async () => await QueuedAsync(server) == 2, "the queue is full");
        Assert.Equal(429, await StatusAsync(server, "noisy", "/v1/model"));

        Assert.Equal(200, await StatusAsync(server, "quiet", "/v1/model"));
        var quiet = AskAsync(server, "quiet", "/v1/held");
        await Eventually.TrueAsync(() => server.Gate.Entered == 3, "the quiet one has a permit");
        Assert.All(noisy, asked => Assert.False(asked.IsCompleted));

        server.Gate.Open();
        foreach (var asked in noisy.Append(quiet))
        {
            using var answer = await asked;
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(200, await StatusAsync(server, "noisy", "/v1/model"));
    }

    [Fact]
    public async Task Large_bodies_that_one_caller_sends_do_not_keep_out_anothers()
    {
        await using var server = await StartAsync(Patient);
        using var noisy = new Crowd();
        for (var i = 0; i < 17; i++)
        {
            noisy.Add(await RawSocket.OpenAsync(server.Address, SlowBody("noisy", "/v1/explain", 300_000)));
        }

        // One too many: when it is refused, the others hold all permits, for good.
        await noisy.RefusedAsync(1);

        // A body of blanks is received and then refused.
        var blanks = new string(' ', 300_000);
        Assert.Equal(429, await StatusAsync(server, "noisy", "/v1/explain", blanks));
        Assert.Equal(400, await StatusAsync(server, "quiet", "/v1/explain", blanks));

        noisy.Dispose();
        await Eventually.TrueAsync(async () => await StatusAsync(server, "noisy", "/v1/explain", blanks) == 400, "what was held was given back");
    }

    [Fact]
    public async Task Connections_that_one_caller_keeps_busy_leave_three_quarters_to_others()
    {
        await using var server = await StartAsync(http => Patient(http) with { MaxConnections = 20 });
        using var noisy = new Crowd();
        for (var i = 0; i < 19; i++)
        {
            noisy.Add(await RawSocket.OpenAsync(server.Address, SlowBody("noisy", "/v1/search/images", 5000)));
        }

        // A quarter of them is busy.
        await noisy.RefusedAsync(14);
        Assert.Equal(200, await StatusAsync(server, "quiet", "/v1/model"));
        Assert.Equal(429, await StatusAsync(server, "noisy", "/v1/model"));

        noisy.Dispose();
        await Eventually.TrueAsync(async () => await StatusAsync(server, "noisy", "/v1/model") == 200, "what was held was given back");
        await Eventually.TrueAsync(() => server.Connections.AtWork == 0, "no connection is busy");
    }

    // The rate is so low that it ends nothing here: the time limit does.
    [Theory]
    [InlineData("/openapi/v1.json", 300)]
    [InlineData("/v1/model", 30_000)]
    public async Task Who_does_not_read_its_answers_is_cut_off_after_the_time_limit_and_holds_nothing_any_more(string path, int count)
    {
        await using var server = await StartAsync(
            http => http with { MinBytesPerSecond = 1, MinRateGraceSeconds = 2 }, new LimitsOptions { RequestTimeoutSeconds = 3 });
        await Eventually.TrueAsync(() => WasAnsweredAsync(server, path), "it was made once");
        using var socket = await RawSocket.OpenAsync(server.Address, "");
        var sending = socket.SendAsync(string.Concat(Enumerable.Repeat($"GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {_keys["noisy"]}\r\n\r\n", count)));
        await Eventually.TrueAsync(() => server.Connections.AtWork == 1, "an answer is being sent");

        await Eventually.TrueAsync(() => server.Connections is { AtWork: 0, Open: <= 1 }, "the connection was closed");
        var answered = (await socket.RestAsync()).Split("HTTP/1.1 200 ").Length - 1;
        Assert.InRange(answered, 0, count - 1);
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= LogLevel.Warning);
        Assert.Equal(200, await StatusAsync(server, "noisy", path));
        socket.Dispose();
        await Record.ExceptionAsync(() => sending);
    }

    // What is slow in these tests is slow for as long as they take.
    private static HttpOptions Patient(HttpOptions http) => http with { MinBytesPerSecond = 1, MinRateGraceSeconds = 600 };

    private string SlowBody(string caller, string path, int length) =>
        $"POST {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {_keys[caller]}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{";

    private async Task<HttpResponseMessage> AskAsync(RunningServer server, string caller, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        request.Headers.Add("X-Api-Key", _keys[caller]);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<int> StatusAsync(RunningServer server, string caller, string path, string? body = null)
    {
        using var answer = await AskAsync(server, caller, path, body);
        return (int)answer.StatusCode;
    }

    // The document takes a slow machine longer than this time limit when it is made, and then it is cut off too.
    private async Task<bool> WasAnsweredAsync(RunningServer server, string path)
    {
        try
        {
            return await StatusAsync(server, "noisy", path) == 200;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<double?> QueuedAsync(RunningServer server)
    {
        using var answer = await AskAsync(server, "metrics", "/metrics");
        return Exposition.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Sum("aspnetcore_rate_limiting_queued_requests");
    }

    private async Task<RunningServer> StartAsync(Func<HttpOptions, HttpOptions>? http = null, LimitsOptions? limits = null)
    {
        _keys = new KeyRingFile(_folder["keys.json"]);
        _keys.Add("noisy", Role.Query);
        _keys.Add("quiet", Role.Query);
        var options = RunningServer.Options(Repository.Bundle, fixture.Index) with { Access = new AccessOptions { KeyFile = _keys.Path } };
        var server = await RunningServer.StartAsync(options with { Http = http?.Invoke(options.Http) ?? options.Http, Limits = limits ?? options.Limits });
        return await server.ReadyAsync();
    }
}
