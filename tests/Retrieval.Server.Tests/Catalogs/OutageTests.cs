using Retrieval.Postgres.TestKit;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>Whatever happens to Postgres, no search fails, none waits for long, and what was answered without it says so.</summary>
[Trait("Promise", "5")]
public sealed class OutageTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Searches_go_on_while_postgres_is_stopped_and_the_replica_catches_up_afterwards()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        await using var replica = await catalog.ServeAsync();
        await using var traffic = new Traffic(replica.Client);
        await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector");

        await catalog.Server.StopAsync(cancellationToken: Cancelled);
        await traffic.MoreAsync(30, answer => answer.Degraded == "catalog-unavailable", "marked answers");
        Assert.Equal(200, (int)(await replica.Client.AskAsync("/health/live")).StatusCode);
        Assert.Equal(200, (int)(await replica.Client.AskAsync("/health/ready")).StatusCode);
        Assert.Equal(0, await replica.MetricAsync("retrieval_catalog_up"));
        Assert.False((bool)(await (await replica.Client.AskAsync("/v1/model")).JsonAsync())["catalog"]!["reachable"]!);
        await (await replica.Client.PutAsync("/v1/images/now", Image.Body(1).ToJsonString())).ProblemAsync(503);
        Assert.Equal(24, (int)(await (await replica.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["images"]!);

        await catalog.Server.StartAgainAsync(Cancelled);
        await using (var connected = catalog.Connect())
        {
            await Corpus.GrowAsync(Repository.Bundle, connected, "blue", 30);
        }

        await traffic.MoreAsync(10, answer => answer.Degraded is null && answer.Epoch == 2, "answers by pgvector of the grown index");
        var answers = await traffic.EndAsync();

        Assert.All(answers, answer => Assert.True(answer.Degraded is null or "catalog-unavailable", answer.Degraded));
        Assert.True(await replica.MetricAsync("retrieval_shortlist_fallback_total") >= 30);
        Assert.True(await replica.MetricAsync("retrieval_queries_degraded_total{reason=\"catalog-unavailable\"}") >= 30);
        Assert.Equal(1, await replica.MetricAsync("retrieval_catalog_up"));
        Assert.NotEmpty(replica.Log.Of(1152));
        Assert.Contains("followed again", replica.Log.Of(1157).Last().Message, StringComparison.Ordinal);
        await (await replica.Client.PutAsync("/v1/images/now", Image.Body(1).ToJsonString())).BodyAsync(201);
    }

    [Fact]
    public async Task A_frozen_postgres_costs_a_query_its_share_of_the_wait_and_then_nothing()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { ShortlistTimeoutMs = 200 } });
        await using var traffic = new Traffic(replica.Client);
        await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector");

        await catalog.Server.FreezeAsync(Cancelled);
        await traffic.MoreAsync(50, answer => answer.Degraded == "catalog-unavailable", "marked answers");
        var live = await replica.Client.AskAsync("/health/live");
        Assert.Equal(200, (int)live.StatusCode);

        // With a deadline, too, there is an answer: of what is left of it, Postgres gets half.
        var hurried = await replica.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "top": 5, "shortlist": 5, "deadlineMs": 5000 }""");
        Assert.Equal(5, hurried["hits"]!.AsArray().Count);

        await catalog.Server.ThawAsync(Cancelled);
        await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector again");
        await traffic.EndAsync();
    }

    [Fact]
    public async Task Whoever_writes_to_a_frozen_postgres_keeps_no_search_waiting()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Limits = new LimitsOptions { Concurrent = 2, Queue = 4, WriteConcurrent = 2, WriteQueue = 16 } });
        await using var traffic = new Traffic(replica.Client);
        await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector");

        await catalog.Server.FreezeAsync(Cancelled);
        var writes = Enumerable.Range(0, 16).Select(i => replica.Client.PutAsync($"/v1/images/{i}", Image.Body(i).ToJsonString())).ToList();
        await traffic.MoreAsync(100, answer => answer.Degraded == "catalog-unavailable", "marked answers");
        await Eventually.TrueAsync(async () => await replica.MetricAsync("retrieval_catalog_up") == 0, "it is away");

        // Whoever comes now is told at once, before he waits for a place.
        using var late = await replica.Client.PutAsync("/v1/images/late", Image.Body(1).ToJsonString());
        await late.ProblemAsync(503);
        Assert.Equal("1", Assert.Single(late.Headers.GetValues("Retry-After")));
        await (await replica.Client.AskAsync("/v1/ingestions")).ProblemAsync(503);
        foreach (var write in await Task.WhenAll(writes))
        {
            Assert.True((int)write.StatusCode is 503 or 504, $"{write.StatusCode}");
        }

        await traffic.MoreAsync(10);
        await catalog.Server.ThawAsync(Cancelled);
        await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector again");
        await traffic.EndAsync();
        await (await replica.Client.PutAsync("/v1/images/late", Image.Body(1).ToJsonString())).BodyAsync(201);
    }

    [Fact]
    public async Task A_restart_and_broken_connections_fail_no_search()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        await using var replica = await catalog.ServeAsync();
        await using var traffic = new Traffic(replica.Client);
        for (var round = 0; round < 3; round++)
        {
            await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector");
            await catalog.Server.TerminateBackendsAsync(Cancelled);
            await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector");
            await catalog.Server.KillAsync(Cancelled);
            await catalog.Server.StartAgainAsync(Cancelled);
        }

        await traffic.MoreAsync(10, answer => answer.Degraded is null, "answers by pgvector");
        await traffic.EndAsync();
    }

    [Fact]
    public async Task A_replica_starts_and_serves_without_postgres_what_it_served_last()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        await using (var first = await catalog.ServeAsync())
        {
            Assert.Equal(24, (await first.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "top": 100 }"""))["hits"]!.AsArray().Count);
        }

        await catalog.Server.StopAsync(cancellationToken: Cancelled);
        await using var again = await catalog.ServeAsync();
        var answer = await again.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "top": 100 }""");
        Assert.Equal((24, "catalog-unavailable", 1), (answer["hits"]!.AsArray().Count, (string)answer["degraded"]!, (int)answer["indexEpoch"]!));

        // Who never had a copy cannot answer, and says why without saying where the database is.
        await using var late = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, catalog.Folder["late"], catalog.Database.OwnerConnectionString));
        await Eventually.TrueAsync(async () => (await (await late.Client.AskAsync("/health/ready")).ProblemAsync(503))["reasons"]!.ToJsonString().Contains("Postgres", StringComparison.Ordinal), "the reason is told");
        var problem = await (await late.Client.AskAsync("/health/ready")).ProblemAsync(503);
        Assert.Equal("Postgres does not answer; the server's log has more", (string)Assert.Single(problem["reasons"]!.AsArray())!);
        Assert.Equal(200, (int)(await late.Client.AskAsync("/health/live")).StatusCode);

        await catalog.Server.StartAgainAsync(Cancelled);
        await late.ReadyAsync();
        await Eventually.TrueAsync(async () => (await again.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["degraded"] is null, "the shortlist comes from pgvector");
    }
}
