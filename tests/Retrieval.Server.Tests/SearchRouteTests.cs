using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

public sealed partial class SearchRouteTests(ServerFixture fixture)
{
    [Fact]
    public async Task A_caption_finds_images_in_the_documented_shape()
    {
        var answer = await fixture.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4 w5 unheard", "top": 3, "shortlist": 20 }""");

        Assert.Equal(["hits", "query", "shortlisted", "reranked", "degraded", "model", "index", "indexEpoch"], answer.Names());
        Assert.Equal(20, (int)answer["shortlisted"]!);
        Assert.Equal(20, (int)answer["reranked"]!);
        Assert.Null(answer["degraded"]);
        Assert.Matches("^camp-gate-fusion-new-concat@[0-9a-f]{12}$", (string)answer["model"]!);
        Assert.True((long)answer["indexEpoch"]! > 0);
        Assert.Equal("""{"tokens":["w4","w5","unheard"],"unknownTokens":["unheard"],"truncated":false}""", answer["query"]!.ToJsonString());
        var hits = answer["hits"]!.AsArray();
        Assert.Equal(3, hits.Count);
        Assert.All(hits, hit => Assert.Equal(["id", "rank", "score", "scoreRank", "coarse", "rankingScore", "metadata"], hit!.Names()));
        Assert.All(hits, hit => Assert.Equal(["score", "rank"], hit!["coarse"]!.Names()));
        Assert.Equal([1, 2, 3], hits.Select(hit => (int)hit!["rank"]!));
        Assert.Equal(hits.Select(Score).OrderDescending(), hits.Select(Score));
    }

    [Fact]
    public async Task An_image_finds_captions_in_the_documented_shape()
    {
        var answer = await fixture.Client.AnswerAsync("/v1/search/captions", """{ "imageId": "a/b/c.jpg", "top": 4 }""");

        Assert.Null(answer["query"]);
        Assert.True(answer.ContainsKey("query"));
        var hits = answer["hits"]!.AsArray();
        Assert.Equal(4, hits.Count);
        Assert.All(hits, hit => Assert.Equal(["id", "rank", "score", "scoreRank", "coarse", "rankingScore", "metadata", "imageId", "caption"], hit!.Names()));
        Assert.All(hits, hit => Assert.Matches("^" + Regex.Escape((string)hit!["imageId"]!) + "#[01]$", (string)hit["id"]!));
        Assert.All(hits, hit => Assert.NotEmpty((string)hit!["caption"]!));
    }

    [Fact]
    public async Task Defaults_are_the_configured_ones()
    {
        var answer = await fixture.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "top": null, "filter": null }""");

        Assert.Equal(10, answer["hits"]!.AsArray().Count);
        Assert.Equal(ServerFixture.Images, (int)answer["shortlisted"]!);
    }

    [Theory]
    [InlineData("""{ "split": "test" }""", 16)]
    [InlineData("""{ "split": ["test", "train"] }""", 32)]
    [InlineData("""{ "split": "test", "row": ["0", "3", "4"] }""", 2)]
    [InlineData("""{ "split": "nothing" }""", 0)]
    [InlineData("{}", 48)]
    public async Task A_filter_takes_a_value_or_several(string filter, int found)
    {
        var answer = await fixture.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "w4", "top": 100, "filter": {{filter}} }""");

        Assert.Equal(found, answer["hits"]!.AsArray().Count);
        if (filter.StartsWith("""{ "split": "test" """.TrimEnd(), StringComparison.Ordinal) && found > 0)
        {
            Assert.All(answer["hits"]!.AsArray(), hit => Assert.Equal("test", (string)hit!["metadata"]!["split"]!));
        }
    }

    [Theory]
    [InlineData("雪の中の二匹の犬")]
    [InlineData("כלבים בשלג")]
    [InlineData("ça va, naïve <b>&amp;</b> ☃")]
    public async Task A_caption_of_any_script_is_answered_as_written(string caption)
    {
        var (response, _) = await fixture.Client.PostAsync("/v1/search/images", $$"""{ "caption": "{{caption}}" }""");

        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Contains("\"unknownTokens\":[\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\\u", text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_answer_says_how_long_each_stage_took()
    {
        var (response, _) = await fixture.Client.PostAsync("/v1/search/images", """{ "caption": "w4 w5" }""");

        var header = Assert.Single(response.Headers.GetValues("Server-Timing"));
        var names = header.Split(", ").Select(entry => Entry().Match(entry)).Select(match => match.Success ? match.Groups[1].Value : $"not an entry: {match}").ToList();
        Assert.Equal(["tokenize", "queue", "encode", "shortlist", "score", "assemble", "total"], names);
    }

    [Fact]
    public async Task A_batch_answers_each_query_in_order_and_an_error_in_its_place()
    {
        var answer = await fixture.Client.AnswerAsync("/v1/search/batch", """
            { "queries": [
                { "caption": "w4 w5", "top": 2 },
                { "caption": "w4 w5", "top": 0 },
                { "imageId": "plain.jpg", "top": 1 },
                { "imageId": "nobody" },
                { "imageId": "plain.jpg", "caption": "w4" },
                {},
                "w4",
                { "caption": "" },
                { "caption": "w9", "colour": 1 } ] }
            """);

        Assert.Equal(["answers"], answer.Names());
        var answers = answer["answers"]!.AsArray();
        Assert.Equal(9, answers.Count);
        var single = await fixture.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4 w5", "top": 2 }""");
        Assert.Equal(single.ToJsonString(), answers[0]!.ToJsonString());
        Assert.Single(answers[2]!["hits"]!.AsArray());
        Assert.Equal([400, 404, 400, 400, 400, 400, 400], new[] { 1, 3, 4, 5, 6, 7, 8 }.Select(i => (int)answers[i]!["status"]!));
        Assert.Equal(["top", null, null, null, null, "caption", "colour"], new[] { 1, 3, 4, 5, 6, 7, 8 }.Select(i => (string?)answers[i]!["field"]));
    }

    [Fact]
    public async Task Pairs_are_scored_by_text_and_by_id_as_a_search_scores_them()
    {
        var found = await fixture.Client.AnswerAsync("/v1/search/captions", """{ "imageId": "plain.jpg", "top": 1 }""");
        var best = found["hits"]![0]!;
        var body = new JsonObject
        {
            ["pairs"] = new JsonArray(
                new JsonObject { ["imageId"] = "plain.jpg", ["captionId"] = (string)best["id"]! },
                new JsonObject { ["imageId"] = "plain.jpg", ["caption"] = (string)best["caption"]! }),
        };
        var (response, answer) = await fixture.Client.PostAsync("/v1/score", body.ToJsonString());

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(["scores", "model", "indexEpoch"], answer.Names());
        Assert.All(answer["scores"]!.AsArray(), score => Assert.Equal((float)best["score"]!, (float)score!, 1e-5f));
        Assert.Contains("total;dur=", Assert.Single(response.Headers.GetValues("Server-Timing")), StringComparison.Ordinal);
    }

    private static float Score(JsonNode? hit) => (float)hit!["score"]!;

    [GeneratedRegex(@"^([a-z]+);dur=[0-9]+(\.[0-9]{1,3})?$")]
    private static partial Regex Entry();
}
