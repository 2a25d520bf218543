using System.Text.Json.Nodes;
using Retrieval.Search.Queries;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

/// <summary><c>POST /v1/explain</c> on a real server with a bundle that has an explainer.</summary>
public sealed class ExplainTests(ExplainTests.Served served) : IClassFixture<ExplainTests.Served>
{
    private const string Route = "/v1/explain";

    private HttpClient Client => served.Server.Client;

    [Fact]
    public async Task A_pair_is_explained_in_the_documented_shape()
    {
        var answer = await Client.AnswerAsync(Route, """{ "imageId": "plain.jpg", "caption": "w4 unheard w9" }""");

        Assert.Equal(["image", "caption", "score", "coarse", "rankingScores", "outputs", "degraded", "model", "index", "indexEpoch"], answer.Names());
        Assert.Equal(["id", "boxes", "size"], answer["image"]!.Names());
        Assert.Equal(36, answer["image"]!["boxes"]!.AsArray().Count);
        Assert.Equal("[4,5,6,7]", answer["image"]!["boxes"]![1]!.ToJsonString());
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{ "id": null, "text": "w4 unheard w9", "tokens": ["<start>", "w4", "unheard", "w9", "<end>"], "unknownTokens": ["unheard"], "truncated": false }"""), answer["caption"]));
        Assert.Equal(["textToImage", "imageToText"], answer["rankingScores"]!.Names());
        Assert.Null(answer["degraded"]);
        Assert.StartsWith("ranking-logit-explained@", (string)answer["model"]!, StringComparison.Ordinal);
        var outputs = answer["outputs"]!.AsArray();
        Assert.All(outputs, output => Assert.Equal(["name", "title", "kind", "axes", "shape", "distribution", "distributionAxis", "values"], output!.Names()));
        var attention = outputs.Single(output => (string)output!["name"]! == "word_attention")!;
        Assert.Equal("""["words","regions"] [5,36] "regions" 1""", $"{attention["axes"]!.ToJsonString()} {attention["shape"]!.ToJsonString()} {attention["distribution"]!.ToJsonString()} {attention["distributionAxis"]}");
        Assert.Equal(5 * 36, attention["values"]!.AsArray().Count);
    }

    [Fact]
    public async Task Its_scores_are_those_of_the_search_and_of_the_score()
    {
        var caption = Corpus.CaptionOf(3, 0);
        var hits = (await Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "{{caption}}", "top": 4 }"""))["hits"]!.AsArray();
        foreach (var hit in hits)
        {
            var body = new JsonObject { ["imageId"] = (string)hit!["id"]!, ["caption"] = caption };
            var pair = await Client.AnswerAsync(Route, body.ToJsonString());

            Assert.Equal((float)hit["score"]!, (float)pair["score"]!, 1e-5f);
            Assert.Equal((float)hit["coarse"]!["score"]!, (float)pair["coarse"]!["score"]!, 1e-5f);
            Assert.Equal((double)hit["rankingScore"]!, (double)pair["rankingScores"]!["textToImage"]!, 1e-3);
        }

        var scores = await Client.AnswerAsync("/v1/score", """{ "pairs": [ { "imageId": "a/b/c.jpg", "captionId": "plain.jpg#1" } ] }""");
        var explained = await Client.AnswerAsync(Route, """{ "imageId": "a/b/c.jpg", "captionId": "plain.jpg#1" }""");
        Assert.Equal((float)scores["scores"]![0]!, (float)explained["score"]!, 1e-5f);
    }

    [Fact]
    public async Task Features_are_taken_as_a_file_and_raw_and_have_no_boxes()
    {
        var raw = await Client.AnswerAsync(Route, new JsonObject { ["features"] = Image.Raw(0), ["captionId"] = "plain.jpg#0" }.ToJsonString());
        var npy = await Client.AnswerAsync(Route, new JsonObject { ["features"] = Convert.ToBase64String(Image.Npy(0)), ["captionId"] = "plain.jpg#0" }.ToJsonString());

        Assert.Equal(raw.ToJsonString(), npy.ToJsonString());
        Assert.Equal("""{"id":null,"boxes":null,"size":null}""", raw["image"]!.ToJsonString());
        Assert.Equal("plain.jpg#0", (string)raw["caption"]!["id"]!);
    }

    [Fact]
    public async Task An_image_without_boxes_and_ids_and_captions_with_markup_are_answered_as_they_are()
    {
        const string id = """<img src=x onerror="alert('1')">&</script>""";
        const string caption = "<script>alert(1)</script> w4 & \"w5\"";
        using var put = await Client.PutAsync($"/v1/images/{Uri.EscapeDataString(id)}", Image.Body(5, caption).ToJsonString());
        Assert.Equal(201, (int)put.StatusCode);

        var (response, body) = await Client.PostAsync(Route, new JsonObject { ["imageId"] = id, ["captionId"] = id + "#0" }.ToJsonString());

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal((id, id + "#0", caption), ((string)body["image"]!["id"]!, (string)body["caption"]!["id"]!, (string)body["caption"]!["text"]!));
        Assert.Null(body["image"]!["boxes"]);
        (await Client.RemoveAsync($"/v1/images/{Uri.EscapeDataString(id)}")).Dispose();
    }

    [Theory]
    [InlineData("""{}""", 400, null, "expected exactly one of imageId and features")]
    [InlineData("""{ "imageId": "plain.jpg" }""", 400, null, "expected exactly one of caption and captionId")]
    [InlineData("""{ "imageId": "plain.jpg", "caption": "w4", "captionId": "plain.jpg#0" }""", 400, null, "expected exactly one of caption and captionId")]
    [InlineData("""{ "imageId": "plain.jpg", "caption": "w4\u0000" }""", 400, "caption", "NUL")]
    [InlineData("""{ "imageId": "plain.jpg", "caption": "" }""", 400, "caption", "")]
    [InlineData("""{ "imageId": 7, "caption": "w4" }""", 400, "imageId", "expected a text")]
    [InlineData("""{ "imageId": "plain.jpg", "caption": "w4", "deadlineMs": 0 }""", 400, "deadlineMs", "expected a whole number from 1")]
    [InlineData("""{ "imageId": "plain.jpg", "caption": "w4", "top": 1 }""", 400, "top", "known here are imageId, features, caption, captionId, deadlineMs")]
    [InlineData("""{ "features": "?", "caption": "w4" }""", 400, "features", "a text that is not base64; expected base64 of a .npy file")]
    [InlineData("""{ "features": "AAAA", "caption": "w4" }""", 400, "features", "3 bytes are no whole number of float32")]
    [InlineData("""{ "features": "AADAfw==", "caption": "w4" }""", 422, "features", "the model takes 36 regions of 64 features")]
    [InlineData("""{ "imageId": "nobody", "caption": "w4" }""", 404, null, "unknown image id 'nobody'")]
    [InlineData("""{ "imageId": "plain.jpg", "captionId": "plain.jpg#2" }""", 404, null, "unknown caption id 'plain.jpg#2'")]
    [InlineData("""{ "imageId": "plain.jpg", "captionId": "plain.jpg" }""", 404, null, "unknown caption id 'plain.jpg'")]
    public async Task What_is_no_pair_is_refused_by_name(string body, int status, string? field, string part)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await Client.PostAsync(new Uri(Route, UriKind.Relative), content, TestContext.Current.CancellationToken);

        var problem = await response.ProblemAsync(status, field);

        Assert.Contains(part, (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Features_that_are_not_finite_or_beyond_the_models_range_are_refused()
    {
        foreach (var (value, part) in new[] { (float.NaN, "feature 0 of region 0"), (float.MaxValue, "out of the model's range") })
        {
            var features = Corpus.RegionsOf(0);
            Array.Fill(features, value);
            var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(features.AsSpan());
            var (response, _) = await Client.PostAsync(Route, new JsonObject { ["features"] = Convert.ToBase64String(bytes), ["caption"] = "w4" }.ToJsonString());

            Assert.Contains(part, (string)(await response.ProblemAsync(400, "features"))["detail"]!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_caption_of_ten_thousand_words_is_refused_by_its_length_and_one_of_a_thousand_truncated()
    {
        var (refused, _) = await Client.PostAsync(Route, new JsonObject { ["imageId"] = "plain.jpg", ["caption"] = string.Join(' ', Enumerable.Repeat("w4", 10_000)) }.ToJsonString());
        await refused.ProblemAsync(400, "caption");

        var answer = await Client.AnswerAsync(Route, new JsonObject { ["imageId"] = "plain.jpg", ["caption"] = string.Join(' ', Enumerable.Repeat("w4", 1000)) }.ToJsonString());
        Assert.True((bool)answer["caption"]!["truncated"]!);
        Assert.Equal(50, answer["caption"]!["tokens"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_deadline_that_passes_while_it_waits_is_a_504_that_repeats_it()
    {
        var device = ((ComputeQueues)served.Server.App.Services.GetService(typeof(ComputeQueues))!).Device;
        using (await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken))
        {
            var (response, _) = await Client.PostAsync(Route, """{ "imageId": "plain.jpg", "captionId": "plain.jpg#0", "deadlineMs": 5 }""");

            Assert.Contains("5 ms", (string)(await response.ProblemAsync(504))["detail"]!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_bundle_without_an_explainer_is_a_501_that_says_how_to_export_one()
    {
        await using var server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, served.PlainIndex))).ReadyAsync();

        var (response, _) = await server.Client.PostAsync(Route, """{ "imageId": "plain.jpg", "caption": "w4" }""");

        Assert.Contains("models/exporter/export.py", (string)(await response.ProblemAsync(501))["detail"]!, StringComparison.Ordinal);
        Assert.False((bool)(await (await server.Client.AskAsync("/v1/model")).JsonAsync())["explainer"]!);
    }

    [Fact]
    public async Task The_model_says_that_it_explains_and_how_far_it_is_from_the_export()
    {
        var model = await (await Client.AskAsync("/v1/model")).JsonAsync();

        Assert.True((bool)model["explainer"]!);
        Assert.Equal(["tolerance", "scores", "outputs"], model["parity"]!["explainer"]!.Names());
    }

    [Fact]
    public async Task A_request_is_counted_timed_and_an_answer_that_would_be_too_long_refused()
    {
        var before = await served.Server.MetricAsync("retrieval_query_duration_seconds_count{kind=\"explain\"}") ?? 0;
        var (response, _) = await Client.PostAsync(Route, """{ "imageId": "plain.jpg", "caption": "w4" }""");

        var timing = response.Headers.GetValues("Server-Timing").Single();
        Assert.Equal(["tokenize", "queue", "encode", "explain", "assemble", "total"], timing.Split(", ").Select(part => part.Split(';')[0]));
        Assert.True(await served.Server.MetricAsync("retrieval_query_duration_seconds_count{kind=\"explain\"}") > before);
        Assert.True(await served.Server.MetricAsync("retrieval_pairs_scored_total{kind=\"explain\"}") > 0);
        Assert.True(await served.Server.MetricAsync("retrieval_batch_duration_seconds_count{kind=\"explain\"}") > 0);

        var options = RunningServer.Options(Repository.ExplainedBundle, served.Index);
        await using var small = await (await RunningServer.StartAsync(options with { Search = new SearchOptions { MaxAnswerBytes = 64 << 10 } })).ReadyAsync();
        var (tooLong, _) = await small.Client.PostAsync(Route, new JsonObject { ["imageId"] = "plain.jpg", ["caption"] = new string('雪', 9000) }.ToJsonString());
        Assert.Contains("shorter caption", (string)(await tooLong.ProblemAsync(422, "caption"))["detail"]!, StringComparison.Ordinal);
    }

    public sealed class Served : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public RunningServer Server { get; private set; } = null!;

        internal string Index => _folder["index"];

        internal string PlainIndex => _folder["plain"];

        public async ValueTask InitializeAsync()
        {
            await Corpus.IngestAsync(Repository.ExplainedBundle, Index, 8);
            await Corpus.IngestAsync(Repository.Bundle, PlainIndex, 8);
            Server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.ExplainedBundle, Index))).ReadyAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            _folder.Dispose();
        }
    }
}
