using System.Text.Json.Nodes;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

/// <summary>Further local indexes beside the served one, in embedded mode.</summary>
public sealed class FurtherIndexTests
{
    private const string Query = """{ "caption": "w4 w9", "top": 20 }""";

    [Fact]
    public async Task The_same_image_has_the_same_score_in_every_index()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.ExplainedBundle, folder["blue"], 6);
        await Corpus.IngestAsync(Repository.ExplainedBundle, folder["green"], 9);
        await using var server = await ServeAsync(Repository.ExplainedBundle, folder["blue"], folder["green"]);

        var served = await server.Client.AnswerAsync("/v1/search/images", Query);
        var further = await server.Client.AnswerAsync("/v1/search/images", In("green", Query));

        Assert.Equal((6, 9), (served["hits"]!.AsArray().Count, further["hits"]!.AsArray().Count));
        Assert.Equal((null, "green"), ((string?)served["index"], (string?)further["index"]));
        var there = further["hits"]!.AsArray().ToDictionary(hit => (string)hit!["id"]!, hit => (float)hit!["score"]!);
        Assert.All(served["hits"]!.AsArray(), hit => Assert.Equal((float)hit!["score"]!, there[(string)hit["id"]!]));

        // An image that only the further one has.
        var only = new JsonObject { ["imageId"] = Corpus.IdOf(7), ["top"] = 3 }.ToJsonString();
        await (await server.Client.PostAsync("/v1/search/captions", only)).Response.ProblemAsync(404);
        Assert.Equal(3, (await server.Client.AnswerAsync("/v1/search/captions", In("green", only)))["hits"]!.AsArray().Count);
        var pair = new JsonObject { ["imageId"] = Corpus.IdOf(7), ["caption"] = "w4 w9" }.ToJsonString();
        await (await server.Client.PostAsync("/v1/explain", pair)).Response.ProblemAsync(404);
        var explained = await server.Client.AnswerAsync("/v1/explain", In("green", pair));
        Assert.Equal("green", (string?)explained["index"]);
        Assert.Equal(there[Corpus.IdOf(7)], (float)explained["score"]!, 1e-5f);
    }

    [Fact]
    public async Task Each_query_of_a_batch_and_a_file_of_features_may_name_an_index()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["blue"], 6);
        await Corpus.IngestAsync(Repository.Bundle, folder["green"], 9);
        await using var server = await ServeAsync(Repository.Bundle, folder["blue"], folder["green"]);

        var batch = await server.Client.AnswerAsync("/v1/search/batch", """{ "queries": [ { "caption": "w4", "top": 20 }, { "caption": "w4", "top": 20, "index": "green" }, { "caption": "w4", "index": "red" } ] }""");
        var outcomes = batch["answers"]!.AsArray();
        Assert.Equal((6, 9), (outcomes[0]!["hits"]!.AsArray().Count, outcomes[1]!["hits"]!.AsArray().Count));
        Assert.Equal(404, (int)outcomes[2]!["status"]!);

        using var body = new ByteArrayContent(Image.Npy(0));
        body.Headers.ContentType = new("application/x-npy");
        using var answer = await server.Client.PostAsync(new Uri("/v1/search/images?index=green&top=20", UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.Equal(9, (await answer.BodyAsync(200))["hits"]!.AsArray().Count);
    }

    [Fact]
    public async Task An_index_that_is_not_held_is_a_404_with_the_names_of_those_that_are()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["blue"], 6);
        await using (var alone = await ServeAsync(Repository.Bundle, folder["blue"], ""))
        {
            var none = await (await alone.Client.PostAsync("/v1/search/images", In("green", Query))).Response.ProblemAsync(404, "index");
            Assert.Equal("unknown index 'green'; held are no others than the one that is served, for which index is left out", (string?)none["detail"]);
        }

        await Corpus.IngestAsync(Repository.Bundle, folder["green"], 9);
        await using var server = await ServeAsync(Repository.Bundle, folder["blue"], $"{folder["green"]};again={folder["green"]}");
        foreach (var route in new[] { "/v1/search/images", "/v1/search/captions", "/v1/explain" })
        {
            var body = route == "/v1/search/captions" ? """{ "imageId": "plain.jpg" }""" : route == "/v1/explain" ? """{ "imageId": "plain.jpg", "caption": "w4" }""" : Query;
            var problem = await (await server.Client.PostAsync(route, In("<b>red</b>", body))).Response.ProblemAsync(404, "index");
            Assert.Equal("unknown index '<b>red</b>'; held are again, green and the one that is served, for which index is left out", (string?)problem["detail"]);
        }
    }

    [Fact]
    public async Task A_further_index_that_grows_is_followed_and_what_is_held_is_told()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["blue"], 6);
        await Corpus.IngestAsync(Repository.Bundle, folder["green"], 9);
        await using var server = await ServeAsync(Repository.Bundle, folder["blue"], folder["green"]);
        var told = Assert.Single(await FurtherAsync(server))!;
        Assert.Equal(["name", "images", "captions", "epoch", "notReady"], told.Names());
        Assert.Equal(("green", 9, 18, null), ((string?)told["name"], (int)told["images"]!, (int)told["captions"]!, told["notReady"]));
        Assert.Equal(9, await server.MetricAsync("""retrieval_further_images{index="green"}"""));
        Assert.Equal((long)told["epoch"]!, await server.MetricAsync("""retrieval_further_epoch{index="green"}"""));
        Assert.Equal(1, await server.MetricAsync("""retrieval_further_ready{index="green"}"""));
        Assert.Equal(0, await server.MetricAsync("""retrieval_further_resident_bytes{index="green"}"""));

        await Corpus.GrowAsync(Repository.Bundle, folder["green"], 12);

        await Eventually.TrueAsync(async () => (int)(await FurtherAsync(server))[0]!["images"]! == 12, "the further index is followed");
        Assert.Equal(12, (await server.Client.AnswerAsync("/v1/search/images", In("green", Query)))["hits"]!.AsArray().Count);
        Assert.Equal(6, (await server.Client.AnswerAsync("/v1/search/images", Query))["hits"]!.AsArray().Count);
    }

    [Fact]
    public async Task An_index_of_another_bundle_is_refused_by_name_and_leaves_the_server_ready()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["blue"], 6);
        await Corpus.IngestAsync(Repository.OtherBundle, folder["green"], 9);
        await using var server = await RunningServer.StartAsync(Options(Repository.Bundle, folder["blue"], folder["green"]));
        await server.ReadyAsync();

        await Eventually.TrueAsync(
            async () => ((string?)(await FurtherAsync(server))[0]!["notReady"])?.StartsWith("index green was made with the bundle ", StringComparison.Ordinal) == true, "it is refused");
        var note = (string?)(await (await server.Client.AskAsync("/health/ready")).BodyAsync(200))["note"];
        Assert.StartsWith("index green is not ready: index green was made with the bundle ", note, StringComparison.Ordinal);
        Assert.EndsWith("is served; expected an index of the same bundle", note, StringComparison.Ordinal);
        var problem = await (await server.Client.PostAsync("/v1/search/images", In("green", Query))).Response.ProblemAsync(503);
        Assert.Equal("index green is not loaded; /v1/model says why, and the index that is served answers", (string?)problem["detail"]);
        Assert.Equal(0, await server.MetricAsync("""retrieval_further_ready{index="green"}"""));
        Assert.Equal(6, (await server.Client.AnswerAsync("/v1/search/images", Query))["hits"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_folder_without_an_index_is_told_and_taken_up_once_there_is_one()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["blue"], 6);
        await using var server = await RunningServer.StartAsync(Options(Repository.Bundle, folder["blue"], folder["green"]));
        await server.ReadyAsync();
        await Eventually.TrueAsync(async () => (string?)(await FurtherAsync(server))[0]!["notReady"] is { } reason && !reason.Contains("being loaded", StringComparison.Ordinal), "it is told");
        Assert.DoesNotContain(folder.Path, (await FurtherAsync(server)).ToJsonString(), StringComparison.Ordinal);

        await Corpus.IngestAsync(Repository.Bundle, folder["green"], 9);

        await Eventually.TrueAsync(async () => (int?)(await FurtherAsync(server))[0]!["images"] == 9, "it is taken up");
        Assert.Equal(9, (await server.Client.AnswerAsync("/v1/search/images", In("green", Query)))["hits"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("/data/Green", "Snapshot:Also (--also) holds '/data/Green', and 'Green' cannot name an index; expected name=folder, the name of 1 to 63 lower-case letters, digits, dots, dashes and underscores")]
    [InlineData("a=/data/x; a=/data/y", "Snapshot:Also (--also) names 'a' twice; expected name=folder with a name of its own for each")]
    [InlineData("b=served/", "Snapshot:Also (--also) holds 'b=served/', which is the index that is served; expected another folder")]
    [InlineData("name=", "Snapshot:Also (--also) holds 'name=', which names no folder; expected name=folder")]
    public void What_cannot_be_held_is_a_fault_of_the_configuration(string also, string fault) => Assert.Equal(
        [fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "served", "--also", also])).Faults);

    [Fact]
    public void With_a_catalog_names_are_expected() => Assert.Equal(
        ["Snapshot:Also (--also) holds '/data/green'; expected names of indexes of the catalog, separated by semicolons"],
        Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", "--postgres", "Host=h;Database=d", "--also", "blue;/data/green"])).Faults);

    private static ServerOptions Options(string bundle, string index, string also)
    {
        var options = RunningServer.Options(bundle, index);
        return options with { Snapshot = options.Snapshot with { Also = also } };
    }

    private static async Task<RunningServer> ServeAsync(string bundle, string index, string also)
    {
        var server = await RunningServer.StartAsync(Options(bundle, index, also));
        await server.ReadyAsync();
        await FurtherReadyAsync(server);
        return server;
    }

    private static Task FurtherReadyAsync(RunningServer server) =>
        Eventually.TrueAsync(async () => (await FurtherAsync(server)).All(index => index!["notReady"] is null), "the further indexes are loaded");

    private static async Task<JsonArray> FurtherAsync(RunningServer server) => (await (await server.Client.AskAsync("/v1/model")).BodyAsync(200))["further"]!.AsArray();

    private static string In(string index, string body)
    {
        var request = JsonNode.Parse(body)!.AsObject();
        request["index"] = index;
        return request.ToJsonString();
    }
}
