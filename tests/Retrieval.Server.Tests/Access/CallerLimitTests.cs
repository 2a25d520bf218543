using System.Net;
using Retrieval.Server.Access;
using Retrieval.Server.Access.Keys;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Server.Tests.Metrics;

namespace Retrieval.Server.Tests.Access;

public sealed class CallerLimitTests(ServerFixture fixture) : IDisposable
{
    private const string Query = """{ "caption": "a dog", "shortlist": 20 }""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_caller_over_its_requests_gets_429_and_others_do_not()
    {
        var keys = Keys();
        await using var server = await StartAsync(keys, new CallerOptions { RequestsPerSecond = 0.01, BurstSeconds = 300 });

        Assert.Equal(Ints(200, 200, 200, 429, 429), await StatusesAsync(server, keys["query"], 5));
        Assert.Equal(Ints(200, 200), await StatusesAsync(server, keys["quiet"], 2));
        using var refused = await AskAsync(server, keys["query"]);
        var problem = await refused.ProblemAsync(429);
        Assert.Equal("this caller may take 0.01 requests a second; try again after the time in Retry-After", (string)problem["detail"]!);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 100);
        Assert.Equal(3, await MetricAsync(server, keys, "retrieval_caller_limited_total{caller=\"query\",limit=\"requests\"}"));
        Assert.Equal(6, await MetricAsync(server, keys, "retrieval_caller_requests_total{caller=\"query\"}"));
    }

    [Fact]
    public async Task A_caller_over_its_pairs_gets_429_before_anything_is_computed()
    {
        var keys = Keys();
        await using var server = await StartAsync(keys, new CallerOptions { PairsPerSecond = 0.1, BurstSeconds = 900 });

        Assert.Equal(Ints(200, 200, 429), await StatusesAsync(server, keys["query"], 3));
        var answered = await MetricAsync(server, keys, "retrieval_query_duration_seconds_count");
        using var refused = await AskAsync(server, keys["query"]);
        Assert.Contains("0.1 pairs a second", (string)(await refused.ProblemAsync(429))["detail"]!, StringComparison.Ordinal);
        Assert.Equal(answered, await MetricAsync(server, keys, "retrieval_query_duration_seconds_count"));
        Assert.Equal(Ints(200), await StatusesAsync(server, keys["quiet"], 1));
        Assert.Equal(0, await MetricAsync(server, keys, "retrieval_queue_admitted"));
    }

    [Fact]
    public async Task A_key_may_have_limits_of_its_own_and_a_changed_one_counts_from_then_on()
    {
        var keys = Keys();
        keys.Add(new NewKey("small", [Role.Query]) { RequestsPerSecond = 0.001 });
        keys.Add(new NewKey("free", [Role.Query]) { RequestsPerSecond = 0 });
        await using var server = await StartAsync(keys, new CallerOptions { RequestsPerSecond = 0.01, BurstSeconds = 300 });

        Assert.Equal(Ints(200, 429), await StatusesAsync(server, keys["small"], 2));
        Assert.Equal(Ints(200, 200, 200, 200, 200, 200), await StatusesAsync(server, keys["free"], 6));
    }

    [Fact]
    public async Task A_dry_run_only_counts()
    {
        var keys = Keys();
        await using var server = await StartAsync(keys, new CallerOptions { RequestsPerSecond = 0.001, PairsPerSecond = 0.001, BurstSeconds = 1, DryRun = true });

        Assert.Equal(Ints(200, 200, 200), await StatusesAsync(server, keys["query"], 3));
        Assert.Equal(2, await MetricAsync(server, keys, "retrieval_caller_limited_total{caller=\"query\",limit=\"requests\"}"));
        Assert.Equal(2, await MetricAsync(server, keys, "retrieval_caller_limited_total{caller=\"query\",limit=\"pairs\"}"));
    }

    [Fact]
    public async Task A_server_without_keys_limits_nobody_by_name()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with { Callers = new CallerOptions { RequestsPerSecond = 0.001, BurstSeconds = 1 } });
        await server.ReadyAsync();

        for (var i = 0; i < 3; i++)
        {
            await server.Client.AnswerAsync("/v1/search/images", Query);
        }
    }

    [Fact]
    public async Task Names_in_metrics_are_bounded()
    {
        var keys = Keys();
        var many = Enumerable.Range(0, 105).Select(i => keys.Add($"k{i}", Role.Query)).ToList();
        await using var server = await StartAsync(keys, new CallerOptions());

        foreach (var key in many)
        {
            using var answer = await AskAsync(server, key, "/v1/model");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var metrics = await MetricsAsync(server, keys);
        Assert.Equal(102, metrics.Samples.Keys.Count(name => name.StartsWith("retrieval_caller_requests_total", StringComparison.Ordinal)));
        Assert.True(metrics.Samples["retrieval_caller_requests_total{caller=\"(others)\"}"] >= 5);
    }

    private static int[] Ints(params int[] statuses) => statuses;

    private static async Task<int[]> StatusesAsync(RunningServer server, string key, int count)
    {
        var statuses = new int[count];
        for (var i = 0; i < count; i++)
        {
            using var answer = await AskAsync(server, key);
            statuses[i] = (int)answer.StatusCode;
        }

        return statuses;
    }

    private static async Task<HttpResponseMessage> AskAsync(RunningServer server, string key, string? path = null)
    {
        using var request = new HttpRequestMessage(path is null ? HttpMethod.Post : HttpMethod.Get, path ?? "/v1/search/images");
        request.Headers.Add("X-Api-Key", key);
        request.Content = path is null ? new StringContent(Query, System.Text.Encoding.UTF8, "application/json") : null;
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<Exposition> MetricsAsync(RunningServer server, KeyRingFile keys)
    {
        using var answer = await AskAsync(server, keys["operator"], "/metrics");
        return Exposition.Parse(await answer.Content.ReadAsStringAsync());
    }

    private static async Task<double> MetricAsync(RunningServer server, KeyRingFile keys, string name)
    {
        var metrics = await MetricsAsync(server, keys);
        return metrics.Samples.TryGetValue(name, out var value) ? value : metrics.Sum(name) ?? 0;
    }

    private KeyRingFile Keys()
    {
        var keys = new KeyRingFile(_folder["keys.json"]);
        keys.Add("quiet", Role.Query);
        keys.Add(new NewKey("operator", [Role.Metrics]) { RequestsPerSecond = 0 });
        return keys;
    }

    private async Task<RunningServer> StartAsync(KeyRingFile keys, CallerOptions callers) =>
        await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with { Access = new AccessOptions { KeyFile = keys.Path }, Callers = callers })).ReadyAsync();
}
