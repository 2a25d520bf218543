using System.Text.Json.Nodes;
using Retrieval.Inference;
using Retrieval.Postgres.TestKit;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Migrations;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>The indexes of a catalog, listed and activated over HTTP.</summary>
public sealed class IndexRouteTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_index_is_activated_and_served_without_a_failed_search()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 20);
        await using var replica = await catalog.ServeAsync();
        await using var traffic = new Traffic(replica.Client);
        await traffic.MoreAsync(5);
        Assert.Equal([("blue", true, true), ("green", false, false)], (await ListAsync(replica)).Select(index => ((string)index["name"]!, (bool)index["active"]!, (bool)index["served"]!)));
        Assert.All(await ListAsync(replica), index => Assert.Null(index["incomplete"]));

        var activated = await (await ActivateAsync(replica, """{ "name": "green" }""")).BodyAsync(200);

        Assert.Equal(("green", true), ((string)activated["name"]!, (bool)activated["active"]!));
        await Eventually.TrueAsync(async () => (await ListAsync(replica)).All(index => (bool)index["active"]! == ((string)index["name"]! == "green") && (bool)index["served"]! == (bool)index["active"]!), "green is served");
        Assert.Equal(20, (int)(await (await replica.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["images"]!);
        Assert.Equal("green", (string)(await (await ActivateAsync(replica, """{ "name": "green" }""")).BodyAsync(200))["name"]!);
        await traffic.EndAsync();
    }

    [Fact]
    public async Task An_index_that_is_not_complete_is_refused_with_what_it_lacks()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        using (var model = MatchingModel.Load(Repository.Bundle, new InferenceOptions { Threads = 1 }))
        {
            await CatalogIndexes.FindOrCreateAsync(catalog.Catalog, "green", IndexBinding.SchemaOf(model), Cancelled);
        }

        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "half", 9);
        await catalog.Database.ExecuteAsAdminAsync(
            "update retrieval.ledger set parts = 3, completed = part = 0 where index_id = (select index_id from retrieval.index where name = 'half')", Cancelled);
        await using var replica = await catalog.ServeAsync();

        var listed = (await ListAsync(replica)).ToDictionary(index => (string)index["name"]!, index => (string?)index["incomplete"]);
        Assert.Equal("it has no images", listed["green"]);
        Assert.Equal("1 of 3 parts of corpus are stored", listed["half"]);
        foreach (var (name, reason) in listed.Where(index => index.Value is not null))
        {
            var refused = await (await ActivateAsync(replica, $$"""{ "name": "{{name}}" }""")).ProblemAsync(409);
            Assert.Contains($"index {name} is not complete: {reason}", (string)refused["detail"]!, StringComparison.Ordinal);
        }

        Assert.Equal("blue", (await CatalogIndexes.FindActiveAsync(catalog.Catalog, Cancelled))!.Name);
        await (await ActivateAsync(replica, """{ "name": "half", "force": true }""")).BodyAsync(200);
        Assert.Equal("half", (await CatalogIndexes.FindActiveAsync(catalog.Catalog, Cancelled))!.Name);
    }

    [Theory]
    [InlineData("""{ "name": "none" }""", 404, null, "unknown index id 'none'")]
    [InlineData("""{ "name": "blue\u0000" }""", 404, null, "unknown index id")]
    [InlineData("""{ "name": null }""", 400, "name", "name")]
    [InlineData("""{ }""", 400, "name", "name")]
    [InlineData("""{ "name": "blue", "forced": true }""", 400, "forced", "forced")]
    [InlineData("""{ "name": "blue", "force": "yes" }""", 400, "force", "force")]
    [InlineData("", 400, null, "body")]
    public async Task What_names_no_index_is_refused(string body, int status, string? field, string told)
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 5);
        await using var replica = await catalog.ServeAsync();
        Assert.Contains(told, (string)(await (await ActivateAsync(replica, body)).ProblemAsync(status, field))["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_another_origin_can_not_send_it_by_a_form()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 5);
        await using var replica = await catalog.ServeAsync();
        using var posted = await replica.Client.PostAsync("/v1/indexes/active", new StringContent("""{ "name": "blue" }"""), Cancelled);
        Assert.Equal(405, (int)posted.StatusCode);
        using var put = await replica.Client.PutAsync("/v1/indexes/active", new StringContent("""{ "name": "blue" }"""), Cancelled);
        Assert.Equal(415, (int)put.StatusCode);
    }

    [Fact]
    public async Task A_role_that_may_only_read_lists_and_does_not_activate()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        var serve = await catalog.Database.CreateRoleAsync("serve", Cancelled);
        var ingest = await catalog.Database.CreateRoleAsync("ingest", Cancelled);
        await Migrator.MigrateAsync(catalog.Catalog, new CatalogRoles(serve.Name, ingest.Name), Cancelled);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 5);
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "green", 5);
        await using var replica = await catalog.ServeAsync("reading", connection: serve.ConnectionString);
        await using var writing = await catalog.ServeAsync("writing", connection: ingest.ConnectionString);
        Assert.Equal(2, (await ListAsync(replica)).Count);
        Assert.Contains("may not write", (string)(await (await ActivateAsync(replica, """{ "name": "green" }""")).ProblemAsync(403))["detail"]!, StringComparison.Ordinal);
        Assert.Equal("blue", (await CatalogIndexes.FindActiveAsync(catalog.Catalog, Cancelled))!.Name);
        await (await ActivateAsync(writing, """{ "name": "green" }""")).BodyAsync(200);
    }

    [Fact]
    public async Task While_Postgres_is_away_both_are_503_and_searches_go_on()
    {
        await using var catalog = await TestCatalog.OnItsOwnServerAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 5);
        await using var replica = await catalog.ServeAsync();
        await catalog.Server.StopAsync(immediate: true, Cancelled);
        Assert.Contains("Postgres", (string)(await (await replica.Client.GetAsync("/v1/indexes", Cancelled)).ProblemAsync(503))["detail"]!, StringComparison.Ordinal);
        await (await ActivateAsync(replica, """{ "name": "blue" }""")).ProblemAsync(503);
        Assert.Equal(200, (int)(await replica.Client.PostAsync("/v1/search/images", """{ "caption": "w4 w5" }""")).Response.StatusCode);
    }

    [Fact]
    public async Task A_local_index_is_listed_alone_and_there_is_nothing_to_switch_to()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["index"], 7);
        await using var server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, folder["index"]))).ReadyAsync();
        var index = Assert.Single(await ListAsync(server));
        Assert.Equal((null, true, true), ((string?)index["name"], (bool)index["active"]!, (bool)index["served"]!));
        Assert.StartsWith("camp-gate-fusion-new-concat@", (string)index["model"]!, StringComparison.Ordinal);
        Assert.Contains("no catalog", (string)(await (await ActivateAsync(server, """{ "name": "blue" }""")).ProblemAsync(409))["detail"]!, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<JsonNode>> ListAsync(RunningServer server) =>
        [.. (await (await server.Client.GetAsync("/v1/indexes", Cancelled)).BodyAsync(200))["indexes"]!.AsArray().Select(index => index!)];

    private static Task<HttpResponseMessage> ActivateAsync(RunningServer server, string body) =>
        server.Client.PutAsync("/v1/indexes/active", new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")), Cancelled);
}
