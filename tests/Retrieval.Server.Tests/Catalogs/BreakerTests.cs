using Microsoft.Extensions.Logging;
using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Replication;
using Retrieval.Server.Catalogs;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>What makes all queries do without the catalog, and what concerns one of them alone. The replicas look for changes once an hour: nothing but queries tells them.</summary>
[Trait("Promise", "5")]
public sealed class BreakerTests
{
    private const string Query = """{ "caption": "w4 w5", "shortlist": 20 }""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_in_a_hurry_spoils_nothing_for_the_others()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        await using var replica = await ServeAsync(catalog, 30_000);
        await using var held = await HoldAsync(catalog);
        for (var i = 0; await replica.MetricAsync("retrieval_shortlist_fallback_total") is not >= 5; i++)
        {
            Assert.True(i < 500, "no shortlist was ever late");
            await replica.Client.PostAsync("/v1/search/images", $$"""{ "caption": "w4 w5", "deadlineMs": {{20 + i}} }""");
        }

        await ReleaseAsync(held);

        Assert.Null((string?)(await replica.Client.AnswerAsync("/v1/search/images", Query))["degraded"]);
        Assert.Equal(1, await replica.MetricAsync("retrieval_catalog_up"));
    }

    [Fact]
    public async Task Queries_that_are_slow_fall_back_and_only_several_in_a_row_do_for_all()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        // Long enough that a query that nothing holds is answered in it on a slow machine: a third late one would count for all.
        await using var replica = await ServeAsync(catalog, 1_000);
        for (var round = 0; round < 2; round++)
        {
            await using var held = await HoldAsync(catalog);
            await DegradedAsync(replica, CatalogCircuitBreaker.MostLate - 1);
            await ReleaseAsync(held);
            await Eventually.TrueAsync(async () => (string?)(await replica.Client.AnswerAsync("/v1/search/images", Query))["degraded"] is null, "the catalog is asked on");
        }

        await using (await HoldAsync(catalog))
        {
            await DegradedAsync(replica, CatalogCircuitBreaker.MostLate);
        }

        Assert.Equal(0, await replica.MetricAsync("retrieval_catalog_up"));
        await DegradedAsync(replica, 1);
    }

    [Fact]
    public async Task An_index_that_was_dropped_makes_no_catalog_that_is_away()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 24);
        await using var replica = await ServeAsync(catalog, 30_000);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 12);
        await CatalogIndexes.ActivateAsync(catalog.Catalog, "green", Cancelled);
        await CatalogIndexes.DropAsync(catalog.Catalog, "blue", Cancelled);

        await DegradedAsync(replica, CatalogCircuitBreaker.MostLate + 1);

        Assert.Equal(1, await replica.MetricAsync("retrieval_catalog_up"));
        await (await replica.Client.PutAsync("/v1/images/now", Image.Body(1).ToJsonString())).ProblemAsync(409);
    }

    [Fact]
    public async Task The_probe_outlives_what_nobody_foresaw_and_tells_it_once()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 3);
        await catalog.Database.ExecuteAsAdminAsync("alter table retrieval.index add column kept json; update retrieval.index set kept = image_fields, image_fields = '42'", Cancelled);
        var link = new CatalogCircuitBreaker(TimeProvider.System);
        link.Failed();
        using var log = new CapturedLog();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(log));
        var options = new PostgresOptions { FollowSeconds = 0.05 };
        using var probe = new CatalogProbe(catalog.Catalog, link, options, TimeProvider.System, new Logger<CatalogProbe>(factory));
        await probe.StartedAsync(Cancelled);

        await Eventually.TrueAsync(() => log.Of(1160).Any(), "the fault is told");
        Assert.False(link.MayAsk);
        await catalog.Database.ExecuteAsAdminAsync("update retrieval.index set image_fields = kept", Cancelled);

        await Eventually.TrueAsync(() => link.MayAsk, "it has gone on");
        Assert.Single(log.Of(1160));
        await probe.StopAsync(Cancelled);
    }

    private static async Task DegradedAsync(RunningServer replica, int times)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Equal("catalog-unavailable", (string?)(await replica.Client.AnswerAsync("/v1/search/images", Query))["degraded"]);
        }
    }

    /// <summary>Makes queries for shortlists wait for as long as the connection is open.</summary>
    private static async Task<NpgsqlConnection> HoldAsync(TestCatalog catalog)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand("begin; lock table retrieval.image_embedding in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync(Cancelled);
        return connection;
    }

    /// <summary>Lets them go on. Closing the connection alone would end the lock only when the server notices.</summary>
    private static async Task ReleaseAsync(NpgsqlConnection held)
    {
        await using var command = new NpgsqlCommand("rollback", held);
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    private static ValueTask<RunningServer> ServeAsync(TestCatalog catalog, int timeoutMs)
    {
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        return CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { FollowSeconds = 3600, ShortlistTimeoutMs = timeoutMs } });
    }
}
