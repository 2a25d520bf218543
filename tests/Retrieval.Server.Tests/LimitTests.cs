using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Engine;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

/// <summary>What happens when there is too much or too slow. Requests are held by a route of the tests behind the same limits.</summary>
public sealed class LimitTests(ServerFixture fixture)
{
    [Fact]
    [Trait("Promise", "1")]
    public async Task A_full_queue_sheds_with_429_and_leaves_health_and_metrics_alone()
    {
        await using var server = await StartAsync(new LimitsOptions { Concurrent = 2, Queue = 3, RetryAfterSeconds = 7 });
        var held = Hold(server, 5);
        await Eventually.TrueAsync(() => server.Gate.Entered == 2, "two are worked on");
        await QueuedAsync(server, 3);

        foreach (var path in new[] { "/v1/held", "/v1/model", "/v1/images/plain.jpg" })
        {
            using var shed = await server.Client.AskAsync(path);
            await shed.ProblemAsync(429);
            Assert.Equal("7", Assert.Single(shed.Headers.GetValues("Retry-After")));
        }

        var (search, _) = await server.Client.PostAsync("/v1/search/images", """{ "caption": "w4" }""");
        await search.ProblemAsync(429);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/metrics")).StatusCode);

        server.Gate.Open();
        Assert.All(await Task.WhenAll(held), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/v1/model")).StatusCode);
    }

    [Theory]
    [InlineData("/metrics", "/held/metrics")]
    [InlineData("/openapi/v1.json", "/held/document")]
    public async Task Metrics_and_the_document_have_a_few_places_of_their_own(string path, string held)
    {
        await using var server = await StartAsync(new LimitsOptions { Concurrent = 1, Queue = 0 });
        var holding = Enumerable.Range(0, 4).Select(_ => server.Client.AskAsync(held)).ToList();
        await Eventually.TrueAsync(() => server.Gate.Entered == 4, "all places are taken");

        using var shed = await server.Client.AskAsync(path);
        await shed.ProblemAsync(429);
        Assert.Equal("1", Assert.Single(shed.Headers.GetValues("Retry-After")));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/v1/model")).StatusCode);

        server.Gate.Open();
        Assert.All(await Task.WhenAll(holding), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync(path)).StatusCode);
    }

    [Fact]
    public async Task A_body_that_waits_is_refused_at_once_if_it_is_not_json()
    {
        await using var server = await StartAsync(new LimitsOptions { Concurrent = 1, Queue = 2 });
        var held = Hold(server, 1);
        await Eventually.TrueAsync(() => server.Gate.Entered == 1, "one is worked on");

        var (broken, _) = await server.Client.PostAsync("/v1/search/images", """{ "caption": "w4" """);
        await broken.ProblemAsync(400);
        Assert.False(held[0].IsCompleted);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_a_504()
    {
        await using var server = await StartAsync(new LimitsOptions { Concurrent = 1, RequestTimeoutSeconds = 0.5 });

        await (await Hold(server, 1)[0]).ProblemAsync(504);
        Assert.Equal(1, server.Gate.Cancelled);
        await Eventually.TrueAsync(async () => (await server.Client.AskAsync("/v1/model")).StatusCode == HttpStatusCode.OK, "the place is given back");
    }

    [Fact]
    public async Task A_request_that_waits_too_long_is_a_504()
    {
        await using var server = await StartAsync(new LimitsOptions { Concurrent = 1, Queue = 5, RequestTimeoutSeconds = 0.5 });
        var first = server.Client.AskAsync("/v1/held/without-timeout");
        await Eventually.TrueAsync(() => server.Gate.Entered == 1, "one is worked on");

        foreach (var waiting in Hold(server, 3))
        {
            await (await waiting).ProblemAsync(504);
        }

        Assert.Equal(1, server.Gate.Entered);
        server.Gate.Open();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
    }

    [Fact]
    [Trait("Promise", "3")]
    public async Task Callers_who_leave_are_cancelled_give_their_place_back_and_are_no_errors()
    {
        await using var server = await StartAsync(new LimitsOptions { Concurrent = 2, Queue = 2 });
        for (var round = 0; round < 10; round++)
        {
            using var leaving = new CancellationTokenSource();
            var held = Enumerable.Range(0, 4).Select(_ => server.Client.GetAsync(new Uri("/v1/held", UriKind.Relative), leaving.Token)).ToList();
            await Eventually.TrueAsync(() => server.Gate.Entered - server.Gate.Cancelled == 2, "two are worked on");
            await QueuedAsync(server, 2);
            await leaving.CancelAsync();
            foreach (var request in held)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
            }

            await Eventually.TrueAsync(() => server.Gate.Entered == server.Gate.Cancelled, "all that began were told");
            await QueuedAsync(server, 0);
        }

        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/v1/model")).StatusCode);
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    [Trait("Promise", "3")]
    public async Task A_caller_who_leaves_in_the_middle_of_scoring_is_no_error()
    {
        await using var server = await StartAsync(new LimitsOptions());
        var pair = """{ "imageId": "plain.jpg", "caption": "w4 w5 w6 w7 w8 w9" }""";
        var body = $$"""{ "pairs": [ {{string.Join(',', Enumerable.Repeat(pair, 2000))}} ] }""";
        using var leaving = new CancellationTokenSource();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var device = FailingDevice.Of(server);
        var turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
        var before = await ScoredAsync(server);
        var asked = server.Client.PostAsync(new Uri("/v1/score", UriKind.Relative), content, leaving.Token);
        await Eventually.TrueAsync(() => device.State.Admitted > 0, "it is admitted");

        // Let go and asked for again, until a batch came between: pairs have been scored, others have not, and the device is held.
        while (await ScoredAsync(server) == before)
        {
            turn.Dispose();
            turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
        }

        Assert.False(asked.IsCompleted);
        Assert.True(device.State.Admitted > 0);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        turn.Dispose();
        await Eventually.TrueAsync(() => device.State.Admitted == 0, "all room was given back");

        var found = await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
        Assert.NotEmpty(found["hits"]!.AsArray());
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    [Trait("Promise", "7")]
    public async Task Slow_senders_hold_no_place_and_are_cut_off()
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        await using var server = await RunningServer.StartAsync(options with
        {
            Http = options.Http with { MinBytesPerSecond = 100, MinRateGraceSeconds = 2 },
            Limits = new LimitsOptions { Concurrent = 1, Queue = 0 },
        });
        await server.ReadyAsync();
        var slow = Enumerable.Range(0, 5).Select(_ => server.RawAsync(
            "POST /v1/search/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")).ToList();

        for (var i = 0; i < 5; i++)
        {
            await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
        }

        foreach (var answer in await Task.WhenAll(slow))
        {
            Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Promise", "2")]
    public async Task A_deadline_that_has_passed_is_a_504_and_a_short_one_is_said()
    {
        // A long caption, and as often as it takes: a quick machine keeps a deadline of a millisecond now and then.
        var body = $$"""{ "caption": "{{string.Join(' ', Enumerable.Repeat("w4 w5 w6", 20))}}", "top": 48, "shortlist": 48, "deadlineMs": 1 }""";
        await Eventually.TrueAsync(
            async () =>
            {
                var (response, answer) = await fixture.Client.PostAsync("/v1/search/images", body);
                if ((int)response.StatusCode == 504)
                {
                    var problem = await response.ProblemAsync(504);
                    Assert.Contains("deadline of 1 ms", (string)problem["detail"]!, StringComparison.Ordinal);
                    return true;
                }

                var unscored = answer["hits"]!.AsArray().Count(hit => hit!["score"] is null);
                Assert.Equal((int)answer["shortlisted"]! - (int)answer["reranked"]!, unscored);
                Assert.Equal(unscored > 0 ? "deadline" : null, (string?)answer["degraded"]);
                return unscored > 0;
            },
            "a deadline is missed");
    }

    [Fact]
    [Trait("Promise", "2")]
    public async Task A_deadline_counts_while_waiting_for_a_place()
    {
        await using var server = await StartAsync(new LimitsOptions { Concurrent = 1, Queue = 2 });
        var held = Hold(server, 1);
        await Eventually.TrueAsync(() => server.Gate.Entered == 1, "one is worked on");

        var (late, _) = await server.Client.PostAsync("/v1/search/images", """{ "caption": "w4", "deadlineMs": 200 }""");
        var problem = await late.ProblemAsync(504);
        Assert.Contains("the deadline of 200 ms", (string)problem["detail"]!, StringComparison.Ordinal);
        Assert.False(held[0].IsCompleted);

        server.Gate.Open();
        await held[0];
        await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "deadlineMs": 60000 }""");
    }

    private static async Task<double> ScoredAsync(RunningServer server) => await server.MetricAsync("retrieval_batch_duration_seconds_count{kind=\"score\"}") ?? 0;

    private async Task<RunningServer> StartAsync(LimitsOptions limits)
    {
        var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with { Limits = limits });
        return await server.ReadyAsync();
    }

    private static List<Task<HttpResponseMessage>> Hold(RunningServer server, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => server.Client.AskAsync("/v1/held"))];

    private static Task QueuedAsync(RunningServer server, int count) => Eventually.TrueAsync(
        async () => (await server.MetricAsync("aspnetcore_rate_limiting_queued_requests") ?? 0) == count, $"{count} are waiting");
}
