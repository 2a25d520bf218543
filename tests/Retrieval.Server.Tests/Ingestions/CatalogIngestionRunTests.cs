using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Server.Configuration;
using Retrieval.Server.Ingestions;
using Retrieval.Server.Tests.Catalogs;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Server.Tests.Ingestions;

/// <summary>Ingestions over HTTP into the catalog, seen and cancelled from any replica.</summary>
public sealed class CatalogIngestionRunTests
{
    [Fact]
    public async Task A_run_is_seen_by_every_replica_and_so_is_what_it_stored()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/flickr"], 40, fault: 13);
        await using var one = await ServeAsync(catalog, "one");
        await using var two = await ServeAsync(catalog, "two");

        var path = await one.BeginAsync(SplitFiles.Order("flickr", """, "batchRows": 8"""));
        var run = await two.EndedAsync(path, "completed");

        Assert.Equal((40, 40, 40, 3), ((int)run["nextRow"]!, (int)run["totalRows"]!, (int)run["stored"]!, (int)run["rejected"]!));
        Assert.Equal(("blue", "flickr#made"), ((string)run["index"]!, (string)run["source"]!));
        Assert.Equal([12, 25, 38], run["firstRejects"]!.AsArray().Select(reject => (int)reject!["row"]!));
        foreach (var replica in new[] { one, two })
        {
            await Eventually.TrueAsync(async () => (int)(await (await replica.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["images"]! == 44, "both serve it");
        }

        // The job that made the corpus is listed too.
        Assert.Equal(["flickr#made", "corpus"], (await (await two.Client.AskAsync("/v1/ingestions")).JsonAsync())["ingestions"]!.AsArray().Select(found => (string)found!["source"]!));
    }

    [Fact]
    public async Task What_a_run_found_out_is_shown_by_every_replica_and_after_restarts_also_of_jobs_and_of_runs_that_were_stopped()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/flickr"], 400, fault: 3);
        await using var witness = await ServeAsync(catalog, "witness");
        string path;
        await using (var first = await ServeAsync(catalog, "first"))
        {
            path = await first.BeginAsync(SplitFiles.Order("flickr", """, "batchRows": 1"""));
            await Eventually.TrueAsync(async () => (int)(await witness.RunAsync(path))["rejected"]! >= 2, "it gets on");
            await first.App.StopAsync(TestContext.Current.CancellationToken);
        }

        var seen = await witness.EndedAsync(path, "cancelled");
        await using var second = await ServeAsync(catalog, "first");
        var run = await second.RunAsync(path);

        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(seen, run), $"{seen} {run}");
        Assert.Contains("1 caption an image", (string)Assert.Single(run["recognised"]!.AsArray())!, StringComparison.Ordinal);
        var reason = Assert.Single(run["reasons"]!.AsArray())!;
        Assert.Equal(((int)run["rejected"]!, 2), ((int)reason["count"]!, (int)reason["first"]!["row"]!));
        Assert.Empty(run["warnings"]!.AsArray());
        Assert.All((await (await second.Client.AskAsync("/v1/ingestions")).JsonAsync())["ingestions"]!.AsArray(), listed => Assert.Empty(listed!["reasons"]!.AsArray()));
    }

    [Fact]
    public async Task That_a_run_took_metadata_away_is_told_by_every_replica()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/flickr"], 5);
        var metadata = SplitFiles.WriteMetadata(catalog.Folder["roots/flickr"], 5);
        await using var one = await ServeAsync(catalog, "one");
        await using var two = await ServeAsync(catalog, "two");
        await one.EndedAsync(await one.BeginAsync(SplitFiles.Order("flickr")), "completed");

        File.Delete(metadata);
        var run = await two.EndedAsync(await one.BeginAsync(SplitFiles.Order("flickr", """, "batchRows": 2""")), "completed");

        Assert.Equal(5, (int)run["replaced"]!);
        Assert.StartsWith("5 images lost metadata by being stored again ('year')", (string)run["warnings"]![1]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_cancelled_from_another_replica_and_gone_on_with_there()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/large"], 400);
        SplitFiles.Write(catalog.Folder["roots/other"], 4);
        await using var one = await ServeAsync(catalog, "one");
        await using var two = await ServeAsync(catalog, "two");
        var path = await one.BeginAsync(SplitFiles.Order("large", """, "batchRows": 1"""));
        await Eventually.TrueAsync(async () => (int)(await two.RunAsync(path))["nextRow"]! >= 3, "it gets on");
        foreach (var replica in new[] { one, two })
        {
            var (refused, _) = await replica.Client.PostAsync("/v1/ingestions", SplitFiles.Order("other"));
            await refused.ProblemAsync(409);
        }

        Assert.True((bool)(await (await two.Client.RemoveAsync(path)).JsonAsync())["cancelRequested"]!);
        var run = await two.EndedAsync(path, "cancelled");

        var next = (int)run["nextRow"]!;
        Assert.InRange(next, 3, 399);
        Assert.Contains($"resumes at row {next}", (string)run["message"]!, StringComparison.Ordinal);
        var resumed = await two.EndedAsync(await two.BeginAsync(SplitFiles.Order("large")), "completed");
        Assert.Equal((next, 400 - next), ((int)resumed["firstRow"]!, (int)resumed["stored"]!));
        await Eventually.TrueAsync(async () => (int)(await (await one.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["images"]! == 404, "all of it is served");
    }

    [Fact]
    [Trait("Promise", "12")]
    public async Task A_server_that_stops_leaves_its_run_cancelled_and_one_that_is_gone_leaves_it_lost()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/large"], 400);
        await using var witness = await ServeAsync(catalog, "witness");
        await using var stopped = await ServeAsync(catalog, "stopped");
        var path = await stopped.BeginAsync(SplitFiles.Order("large", """, "batchRows": 1"""));
        await Eventually.TrueAsync(async () => (int)(await witness.RunAsync(path))["nextRow"]! >= 3, "it gets on");

        await stopped.App.StopAsync(TestContext.Current.CancellationToken);

        var run = await witness.EndedAsync(path, "cancelled");
        Assert.Contains("the run was stopped", (string)run["message"]!, StringComparison.Ordinal);

        // As if its process had died: the row still says that it runs, and nobody holds the part.
        await catalog.Database.ExecuteAsAdminAsync("update retrieval.run set state = 'running', ended_at = null, updated_at = now() - interval '1 minute' where state = 'cancelled'", TestContext.Current.CancellationToken);
        Assert.Equal("lost", (string)(await witness.RunAsync(path))["state"]!);
        var resumed = await witness.EndedAsync(await witness.BeginAsync(SplitFiles.Order("large")), "completed");
        Assert.Equal((int)run["nextRow"]!, (int)resumed["firstRow"]!);
        Assert.Equal("failed", (string)(await witness.RunAsync(path))["state"]!);
    }

    [Fact]
    public async Task Of_orders_sent_to_two_replicas_at_once_no_two_are_followed()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/one"], 400);
        SplitFiles.Write(catalog.Folder["roots/two"], 400);
        await using var one = await ServeAsync(catalog, "one");
        await using var two = await ServeAsync(catalog, "two");
        for (var round = 0; round < 5; round++)
        {
            const string Slowly = """, "batchRows": 1, "restart": true, "replace": true""";
            var answers = await Task.WhenAll(
                one.Client.PostAsync("/v1/ingestions", SplitFiles.Order("one", Slowly)), two.Client.PostAsync("/v1/ingestions", SplitFiles.Order("two", Slowly)));

            Assert.All(answers, answer => Assert.True((int)answer.Response.StatusCode is 202 or 409, answer.Body.ToJsonString()));
            var begun = answers.Where(answer => (int)answer.Response.StatusCode == 202).Select(answer => answer.Response.Headers.Location!.OriginalString).ToList();
            Assert.True(begun.Count <= 1);
            foreach (var path in begun)
            {
                await one.Client.RemoveAsync(path);
            }

            await Eventually.TrueAsync(
                async () => (await (await one.Client.AskAsync("/v1/ingestions")).JsonAsync())["ingestions"]!.AsArray().All(run => (string)run!["state"]! != "running"), "both are free");
        }
    }

    [Fact]
    [Trait("Promise", "5")]
    public async Task A_run_holds_out_while_postgres_restarts()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/large"], 200);
        await using var replica = await ServeAsync(catalog, "one");
        var path = await replica.BeginAsync(SplitFiles.Order("large", """, "batchRows": 1"""));
        await Eventually.TrueAsync(async () => (int)(await replica.RunAsync(path))["nextRow"]! >= 3, "it gets on");

        await catalog.Server.KillAsync(TestContext.Current.CancellationToken);
        await (await replica.Client.AskAsync(path)).ProblemAsync(503);
        await catalog.Server.StartAgainAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => (int)(await replica.Client.AskAsync(path)).StatusCode == 200, "the catalog answers");

        var run = await replica.EndedAsync(path, "completed");
        Assert.Equal((200, 200), ((int)run["stored"]!, (int)run["nextRow"]!));
    }

    [Fact]
    public async Task A_run_that_fails_just_when_it_has_begun_holds_nothing()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/large"], 40);
        FailingLedger? ledger = null;
        await using var one = await RunningServer.StartAsync(Options(catalog, "one"), services =>
        {
            services.AddSingleton<CatalogRunRegistry>();
            services.AddSingleton<IRunRegistry>(provider => ledger = new FailingLedger(provider.GetRequiredService<CatalogRunRegistry>()));
        });
        await one.ReadyAsync();
        await using var two = await ServeAsync(catalog, "two");
        await one.Client.AskAsync("/v1/ingestions");

        ledger!.FailNext(new CatalogUnavailableException("reading a run", new TimeoutException("it broke off")));
        var (refused, _) = await one.Client.PostAsync("/v1/ingestions", SplitFiles.Order("large"));
        await refused.ProblemAsync(503);

        var run = (await (await two.Client.AskAsync("/v1/ingestions")).JsonAsync())["ingestions"]!.AsArray()[0]!;
        Assert.Equal(("large#made", "failed"), ((string)run["source"]!, (string)run["state"]!));
        await two.EndedAsync(await two.BeginAsync(SplitFiles.Order("large")), "completed");
        await one.EndedAsync(await one.BeginAsync(SplitFiles.Order("large", """, "restart": true""")), "completed");
    }

    [Fact]
    public async Task Cancelling_a_run_ends_the_building_of_indexes_too()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 4);
        SplitFiles.Write(catalog.Folder["roots/small"], 8);
        await using var replica = await ServeAsync(catalog, "one");
        await catalog.Database.ExecuteAsAdminAsync("drop index retrieval.image_embedding_1_nearest", TestContext.Current.CancellationToken);

        // Rows may be written, and no index built, for as long as this is open.
        await using var held = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await held.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("begin; lock table retrieval.image_embedding_1 in row exclusive mode", held);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var path = await replica.BeginAsync(SplitFiles.Order("small"));
        await Eventually.TrueAsync(
            async () => await catalog.Database.AskAsAdminAsync<long>("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%build_shortlist%'", TestContext.Current.CancellationToken) > 0, "it builds");
        var (busy, _) = await replica.Client.PostAsync("/v1/ingestions", SplitFiles.Order("small"));
        await busy.ProblemAsync(409);

        await replica.Client.RemoveAsync(path);

        await Eventually.TrueAsync(async () => await replica.MetricAsync("retrieval_ingestion_running") == 0, "it has ended");
        Assert.Equal(8, (int)(await replica.RunAsync(path))["stored"]!);
        await held.CloseAsync();
        await replica.EndedAsync(await replica.BeginAsync(SplitFiles.Order("small")), "completed");
        await Eventually.TrueAsync(async () => await catalog.Database.AskAsAdminAsync<bool>("select to_regclass('retrieval.image_embedding_1_nearest') is not null", TestContext.Current.CancellationToken), "the next run has built it");
    }

    private static async ValueTask<RunningServer> ServeAsync(TestCatalog catalog, string name) => await CatalogServing.ServeAsync(Options(catalog, name));

    private static ServerOptions Options(TestCatalog catalog, string name) =>
        RunningServer.Options(Repository.Bundle, catalog.Folder[name], catalog.Database.OwnerConnectionString) with { Ingestion = new ServerIngestionOptions { Roots = [catalog.Folder["roots"]] } };
}
