using System.Text.Json.Nodes;
using Npgsql;
using Retrieval.Postgres.TestKit;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>Single images put into and deleted from a catalog.</summary>
public sealed class CatalogImageTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_is_seen_at_once_where_it_was_made_and_soon_everywhere()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["one"], catalog.Database.OwnerConnectionString);

        // This one would not look by itself for an hour: it looks since it is nudged.
        await using var one = await CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { FollowSeconds = 3600 } });
        await using var two = await catalog.ServeAsync("two");
        for (var round = 0; round < 3; round++)
        {
            var body = Image.Body(30 + round, "w4 w5 w6");
            body["metadata"] = new JsonObject { ["round"] = round };
            var put = await (await one.Client.PutAsync("/v1/images/new%2Fone", body.ToJsonString())).BodyAsync(round == 0 ? 201 : 200);
            Assert.True((bool)put["visible"]!);
            Assert.True(await FindsAsync(one, round));
            Assert.False(await FindsAsync(one, round - 1));
            await Eventually.TrueAsync(() => FindsAsync(two, round), "the other replica has it");
        }

        var deleted = await (await one.Client.RemoveAsync("/v1/images/new%2Fone")).BodyAsync(200);
        Assert.Equal(("deleted", true), ((string)deleted["change"]!, (bool)deleted["visible"]!));
        await (await one.Client.AskAsync("/v1/images/new%2Fone")).ProblemAsync(404);
        await (await one.Client.RemoveAsync("/v1/images/new%2Fone")).ProblemAsync(404);
        await Eventually.TrueAsync(async () => (int)(await two.Client.AskAsync("/v1/images/new%2Fone")).StatusCode == 404, "it is gone from the other replica");
        Assert.Equal(
            (long)(await (await one.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["epoch"]!,
            (long)(await (await two.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["epoch"]!);
    }

    [Fact]
    public async Task Many_writers_at_two_replicas_end_with_the_same_on_both()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await using var one = await catalog.ServeAsync("one");
        await using var two = await catalog.ServeAsync("two");
        await using var traffic = new Traffic(one.Client, 1);

        await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
        {
            var client = (i % 2 == 0 ? one : two).Client;
            var put = await client.PutAsync($"/v1/images/many-{i % 8}", Image.Body(i, $"w{4 + i}").ToJsonString());
            Assert.True((int)put.StatusCode is 200 or 201, await put.Content.ReadAsStringAsync(Cancelled));
            if (i % 8 == 7)
            {
                Assert.True((int)(await client.RemoveAsync($"/v1/images/many-{i % 4}")).StatusCode is 200 or 404);
            }
        }));

        await traffic.EndAsync();
        await Eventually.TrueAsync(async () => await EpochAsync(one) == await EpochAsync(two), "both serve the same epoch");
        for (var i = 0; i < 8; i++)
        {
            var (left, right) = (await one.Client.AskAsync($"/v1/images/many-{i}"), await two.Client.AskAsync($"/v1/images/many-{i}"));
            Assert.Equal(left.StatusCode, right.StatusCode);
            var (mine, theirs) = (await left.JsonAsync(), await right.JsonAsync());
            Assert.True(JsonNode.DeepEquals(mine["captions"], theirs["captions"]), $"{mine} {theirs}");
        }
    }

    [Fact]
    public async Task A_role_that_may_not_write_is_told_so_and_searches_all_the_same()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        var serve = await catalog.Database.CreateRoleAsync("serve", Cancelled);
        var ingest = await catalog.Database.CreateRoleAsync("ingest", Cancelled);
        await Migrator.MigrateAsync(catalog.Catalog, new CatalogRoles(serve.Name, ingest.Name), Cancelled);
        await using (var writer = new Catalog(new CatalogOptions { ConnectionString = ingest.ConnectionString }))
        {
            await Corpus.IngestAsync(Repository.Bundle, writer, "blue", 12);
        }

        await using var reading = await catalog.ServeAsync("reading", connection: serve.ConnectionString);
        await using var writing = await catalog.ServeAsync("writing", connection: ingest.ConnectionString);

        foreach (var refused in new[] { await reading.Client.PutAsync("/v1/images/x", Image.Body(1).ToJsonString()), await reading.Client.RemoveAsync("/v1/images/plain.jpg") })
        {
            var problem = await refused.ProblemAsync(403);
            Assert.Contains("role", (string)problem["detail"]!, StringComparison.Ordinal);
        }

        Assert.Null((string?)(await reading.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["degraded"]);
        await (await writing.Client.PutAsync("/v1/images/x", Image.Body(1).ToJsonString())).BodyAsync(201);
        await (await writing.Client.RemoveAsync("/v1/images/plain.jpg")).BodyAsync(200);
    }

    [Fact]
    public async Task Whoever_has_others_in_his_way_for_too_long_may_try_again()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { CommandSeconds = 1 } });

        // As whoever builds an index does.
        await using var held = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(catalog.Database.AdminConnectionString) { Pooling = false }.ConnectionString);
        await held.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand("begin; lock table retrieval.image_embedding_1 in share mode", held);
        await command.ExecuteNonQueryAsync(Cancelled);

        foreach (var refused in await Task.WhenAll(replica.Client.PutAsync("/v1/images/x", Image.Body(1).ToJsonString()), replica.Client.RemoveAsync("/v1/images/plain.jpg")))
        {
            var problem = await refused.ProblemAsync(503);
            Assert.Contains("waiting for a lock", (string)problem["detail"]!, StringComparison.Ordinal);
            Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
        }

        Assert.Empty(replica.Log.Of(1300));
        await using var release = new NpgsqlCommand("rollback", held);
        await release.ExecuteNonQueryAsync(Cancelled);
        await (await replica.Client.PutAsync("/v1/images/x", Image.Body(1).ToJsonString())).BodyAsync(201);
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_full_disk_of_postgres_is_a_507_and_searches_go_on()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync(new PrivateServerOptions { DataOnSmallDisk = 100 });
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await using var replica = await catalog.ServeAsync();
        await catalog.Server.FillDiskAsync(cancellationToken: Cancelled);

        await Eventually.TrueAsync(async () => (int)(await replica.Client.PutAsync("/v1/images/x", Image.Body(1).ToJsonString())).StatusCode == 507, "there is no room left");
        Assert.Equal(10, (await replica.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["hits"]!.AsArray().Count);

        catalog.Server.ClearDisk();
        await (await replica.Client.PutAsync("/v1/images/y", Image.Body(1).ToJsonString())).BodyAsync(201);
    }

    private static async Task<long> EpochAsync(RunningServer server) => (long)(await (await server.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["epoch"]!;

    private static async Task<bool> FindsAsync(RunningServer server, int round)
    {
        var found = await server.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "w4 w5 w6", "filter": { "round": {{round}} } }""");
        var inRange = await server.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "w4 w5 w6", "filter": { "round": { "gt": {{round - 1}}, "lte": {{round}} } } }""");
        return new[] { found, inRange }.All(answer => answer["hits"]!.AsArray().Any(hit => (string?)hit!["id"] == "new/one" && (int)hit["metadata"]!["round"]! == round));
    }
}
