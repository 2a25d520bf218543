using System.Net;
using System.Text.Json.Nodes;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Engine;

/// <summary>Overload, deadlines and disconnects with the device held up, so that what waits is known to the request.</summary>
public sealed class RequestAdmissionTests(ServerFixture fixture)
{
    // A search costs its shortlist and 16 for its caption.
    private const int Cost = 10 + 16;
    private const string Ask = """{ "caption": "w4 w5", "top": 3, "shortlist": 10 }""";

    [Fact]
    [Trait("Promise", "1")]
    public async Task Above_the_bound_is_shed_at_once_and_what_was_taken_is_answered()
    {
        await using var server = await StartAsync(5 * Cost);
        var device = FailingDevice.Of(server);
        var turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
        var asked = Enumerable.Range(0, 60).Select(_ => server.Client.PostAsync("/v1/search/images", Ask)).ToList();

        var shed = new List<Task<(HttpResponseMessage Response, JsonObject Body)>>();
        await Eventually.TrueAsync(() => (shed = [.. asked.Where(request => request.IsCompleted)]).Count == 55, "all but five are shed");
        foreach (var request in shed)
        {
            var (response, _) = await request;
            await response.ProblemAsync(429);
            Assert.InRange(int.Parse(Assert.Single(response.Headers.GetValues("Retry-After")), System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        }

        Assert.Equal(5 * Cost, device.State.Admitted);
        Assert.Equal(55, await server.MetricAsync("retrieval_queue_rejected_total"));
        Assert.Equal(5 * Cost, await server.MetricAsync("retrieval_queue_admitted"));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/ready")).StatusCode);
        var (score, _) = await server.Client.PostAsync("/v1/score", """{ "pairs": [ { "imageId": "plain.jpg", "caption": "w4" } ] }""");
        await score.ProblemAsync(429);
        var (batch, _) = await server.Client.PostAsync("/v1/search/batch", $$"""{ "queries": [ {{Ask}} ] }""");
        await batch.ProblemAsync(429);

        turn.Dispose();
        foreach (var request in asked.Except(shed))
        {
            Assert.Equal(HttpStatusCode.OK, (await request).Response.StatusCode);
        }

        await server.Client.AnswerAsync("/v1/search/images", Ask);
        await Eventually.TrueAsync(() => device.State.Admitted == 0, "all room was given back");
    }

    [Fact]
    public async Task A_batch_is_admitted_for_what_its_searches_cost_captions_included()
    {
        await using var server = await StartAsync(0);
        var device = FailingDevice.Of(server);
        const string small = """{ "caption": "w4", "top": 1, "shortlist": 1 }""";
        var turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);

        var batch = server.Client.PostAsync("/v1/search/batch", $$"""{ "queries": [ {{small}}, {{small}}, {{small}}, {{small}} ] }""");

        await Eventually.TrueAsync(() => device.State.Admitted > 0, "the batch is admitted");
        Assert.Equal(4 * (1 + 16), device.State.Admitted);
        turn.Dispose();
        Assert.Equal(HttpStatusCode.OK, (await batch).Response.StatusCode);
    }

    [Fact]
    [Trait("Promise", "2")]
    public async Task No_work_starts_after_its_deadline_and_the_late_are_told()
    {
        await using var server = await StartAsync(0);
        var device = FailingDevice.Of(server);
        var before = await server.MetricAsync("retrieval_batch_duration_seconds_count{kind=\"score\"}");
        using (await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken))
        {
            var late = Enumerable.Range(0, 8).Select(_ => server.Client.PostAsync("/v1/search/images", """{ "caption": "w4", "shortlist": 10, "deadlineMs": 3000 }""")).ToList();
            foreach (var request in late)
            {
                await (await request).Response.ProblemAsync(504);
            }

            Assert.Equal(0, device.State.Waiting);
        }

        // An image query has its shortlist, and so an answer, without the device.
        var turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
        var coarse = await server.Client.AnswerAsync("/v1/search/captions", """{ "imageId": "plain.jpg", "deadlineMs": 3000 }""");
        Assert.Equal(("deadline", 0), ((string?)coarse["degraded"], (int)coarse["reranked"]!));
        turn.Dispose();
        Assert.Equal(9, await server.MetricAsync("retrieval_queue_expired_total"));
        Assert.Equal(before, await server.MetricAsync("retrieval_batch_duration_seconds_count{kind=\"score\"}"));
        await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "deadlineMs": 60000 }""");
    }

    [Fact]
    [Trait("Promise", "3")]
    public async Task A_thousand_callers_who_leave_cost_the_device_nothing_and_leak_no_room()
    {
        await using var server = await StartAsync(1_000_000);
        var device = FailingDevice.Of(server);
        var encoded = await server.MetricAsync("retrieval_batch_duration_seconds_count{kind=\"encode\"}");
        var turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
        for (var wave = 0; wave < 5; wave++)
        {
            using var leaving = new CancellationTokenSource();
            using var client = new HttpClient { BaseAddress = server.Address };
            var asked = Enumerable.Range(0, 200).Select(async _ =>
            {
                using var content = new StringContent(Ask, System.Text.Encoding.UTF8, "application/json");
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.PostAsync(new Uri("/v1/search/images", UriKind.Relative), content, leaving.Token));
            }).ToList();
            await Eventually.TrueAsync(() => device.State.Admitted == 200 * Cost, "all are in");
            await leaving.CancelAsync();
            await Task.WhenAll(asked);
            await Eventually.TrueAsync(() => device.State.Admitted == 0, "all room was given back");
        }

        turn.Dispose();
        await server.Client.AnswerAsync("/v1/search/images", Ask);
        Assert.Equal(0, device.State.Waiting);
        Assert.Equal(1000, await server.MetricAsync("retrieval_queue_cancelled_total"));
        Assert.Equal(encoded + 1, await server.MetricAsync("retrieval_batch_duration_seconds_count{kind=\"encode\"}"));
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Fact]
    public async Task Queries_that_wait_together_share_calls_and_get_what_they_get_alone()
    {
        await using var server = await StartAsync(1_000_000);
        var device = FailingDevice.Of(server);
        string[] captions = ["w4", "w5 w6", "w7 w8 w9", "w4 w9", "w10", "w11 w4 w5 w6 w7"];
        var alone = new List<string>();
        foreach (var caption in captions)
        {
            alone.Add((await AskAsync(server, caption))["hits"]!.ToJsonString());
        }

        var shared = 0.0;
        for (var round = 0; round < 5; round++)
        {
            var turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
            var together = captions.Select(caption => AskAsync(server, caption)).ToList();
            await Eventually.TrueAsync(() => device.State.Admitted == captions.Length * Cost, "all are in");
            turn.Dispose();
            var answers = await Task.WhenAll(together);
            for (var i = 0; i < captions.Length; i++)
            {
                Same(JsonNode.Parse(alone[i])!.AsArray(), answers[i]["hits"]!.AsArray());
            }

            shared = await server.MetricAsync("retrieval_batch_queries_sum{kind=\"encode\"}") - await server.MetricAsync("retrieval_batch_queries_count{kind=\"encode\"}") ?? 0;
        }

        Assert.True(shared > 0, "captions that waited together were encoded together");
    }

    private static void Same(JsonArray expected, JsonArray found)
    {
        Assert.Equal(expected.Count, found.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal((string)expected[i]!["id"]!, (string)found[i]!["id"]!);
            Assert.Equal((float)expected[i]!["score"]!, (float)found[i]!["score"]!, 1e-5f);
        }
    }

    private static Task<JsonObject> AskAsync(RunningServer server, string caption) =>
        server.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "{{caption}}", "top": 10, "shortlist": 10 }""");

    private async Task<RunningServer> StartAsync(long admitted)
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        var server = await RunningServer.StartAsync(options with { Limits = new LimitsOptions { AdmittedPairs = admitted, Concurrent = 2000 } });
        return await server.ReadyAsync();
    }
}
