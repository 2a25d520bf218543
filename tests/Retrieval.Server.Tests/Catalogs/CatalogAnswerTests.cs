using System.Text.Json.Nodes;
using Retrieval.Postgres.TestKit;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>A replica of a catalog answers what an embedded server over the same corpus answers.</summary>
public sealed class CatalogAnswerTests(ServerFixture embedded)
{
    [Fact]
    public async Task Answers_are_equal_to_those_of_embedded_mode()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", ServerFixture.Images);
        var options = RunningServer.Options(Repository.Bundle, catalog.Folder["replica"], catalog.Database.OwnerConnectionString);
        await using var replica = await CatalogServing.ServeAsync(options with { Postgres = options.Postgres with { ShortlistTimeoutMs = 30_000 } });
        string[] filters = ["""{ "split": "test" }""", """{ "split": ["test", "train"], "row": ["3", "4", "9"] }""", """{ "split": "nowhere" }"""];
        var requests = new List<(string Path, string Body)>();
        for (var row = 0; row < ServerFixture.Images; row += 5)
        {
            var caption = Corpus.CaptionOf(row, row % 2);
            requests.Add(("/v1/search/images", $$"""{ "caption": "{{caption}}", "top": 48 }"""));
            requests.Add(("/v1/search/images", $$"""{ "caption": "{{caption}}", "top": 3, "shortlist": 7 }"""));
            requests.Add(("/v1/search/captions", new JsonObject { ["imageId"] = Corpus.IdOf(row), ["top"] = 96 }.ToJsonString()));
            requests.Add(("/v1/search/captions", new JsonObject { ["imageId"] = Corpus.IdOf(row), ["shortlist"] = 11 }.ToJsonString()));
            foreach (var filter in filters)
            {
                requests.Add(("/v1/search/images", $$"""{ "caption": "{{caption}}", "filter": {{filter}} }"""));
                requests.Add(("/v1/search/captions", new JsonObject { ["imageId"] = Corpus.IdOf(row), ["filter"] = JsonNode.Parse(filter) }.ToJsonString()));
            }
        }

        foreach (var (path, body) in requests)
        {
            var expected = await embedded.Client.AnswerAsync(path, body);
            var found = await replica.Client.AnswerAsync(path, body);
            foreach (var own in new[] { "index", "indexEpoch" })
            {
                expected.Remove(own);
                found.Remove(own);
            }

            Assert.True(JsonNode.DeepEquals(expected, found), $"{path} {body}:\n{expected}\n{found}");
        }

        Assert.Equal(0, await replica.MetricAsync("retrieval_shortlist_missing_total"));
        Assert.Equal(0, await replica.MetricAsync("retrieval_shortlist_fallback_total"));
        Assert.Equal(1, await replica.MetricAsync("retrieval_catalog_up"));
    }

    [Theory]
    [InlineData("truncate retrieval.image_embedding, retrieval.caption_embedding")]
    [InlineData("delete from retrieval.image_embedding where row_no > 4; delete from retrieval.caption_embedding where row_no > 4")]
    public async Task A_catalog_that_has_lost_rows_is_not_believed(string loss)
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", ServerFixture.Images);
        await using var replica = await catalog.ServeAsync();
        await catalog.ExecuteAsync(loss);

        foreach (var (path, body) in new[] { ("/v1/search/images", """{ "caption": "w4", "top": 20 }"""), ("/v1/search/captions", new JsonObject { ["imageId"] = Corpus.IdOf(3), ["top"] = 20 }.ToJsonString()) })
        {
            var answer = await replica.Client.AnswerAsync(path, body);
            Assert.Equal((20, "catalog-unavailable"), (answer["hits"]!.AsArray().Count, (string?)answer["degraded"]));
        }

        Assert.Equal(2, await replica.MetricAsync("retrieval_shortlist_fallback_total"));
    }

    [Fact]
    public async Task The_model_says_which_index_of_the_catalog_is_served()
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", 12);
        await using var replica = await catalog.ServeAsync();

        var model = await (await replica.Client.AskAsync("/v1/model")).JsonAsync();

        Assert.Equal("pgvector", (string?)model["shortlist"]);
        Assert.Equal("""{"index":"blue","epoch":1,"lag":0,"reachable":true,"refusal":null}""", model["catalog"]!.ToJsonString());
        Assert.Equal((12, 24, 1), ((int)model["index"]!["images"]!, (int)model["index"]!["captions"]!, (int)model["index"]!["epoch"]!));
        Assert.Equal(0, await replica.MetricAsync("retrieval_follow_lag_epochs"));
        Assert.Equal(12, await replica.MetricAsync("retrieval_hydration_rows_total"));
        Assert.True(await replica.MetricAsync("retrieval_hydration_bytes_total") > 12 * 36 * 64);
        Assert.InRange((await replica.MetricAsync("retrieval_follow_lag_seconds"))!.Value, 0, 60);
        var exact = await (await embedded.Client.AskAsync("/v1/model")).JsonAsync();
        Assert.Equal("exact", (string?)exact["shortlist"]);
        Assert.True(exact.ContainsKey("catalog") && exact["catalog"] is null);
    }
}
