using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

public sealed class SearchByFeaturesTests(ServerFixture fixture)
{
    private const int Row = 5;

    [Fact]
    public async Task Features_find_the_captions_that_the_stored_image_finds()
    {
        var stored = await fixture.Client.AnswerAsync("/v1/search/captions", $$"""{ "imageId": "{{Corpus.IdOf(Row)}}", "top": 5, "shortlist": 20 }""");
        var raw = await fixture.Client.AnswerAsync("/v1/search/captions", $$"""{ "features": "{{Image.Raw(Row)}}", "top": 5, "shortlist": 20 }""");
        var npy = await fixture.Client.AnswerAsync("/v1/search/captions", $$"""{ "features": "{{Convert.ToBase64String(Image.Npy(Row))}}", "top": 5, "shortlist": 20 }""");
        var body = await (await PostNpyAsync("/v1/search/captions?top=5&shortlist=20", Image.Npy(Row))).BodyAsync(200);

        Assert.Equal(Ids(stored), Ids(raw));
        Assert.Equal(Ids(stored), Ids(npy));
        Assert.Equal(Ids(stored), Ids(body));
        Assert.Equal(20, (int)body["reranked"]!);
        Assert.Null(body["query"]);
        Assert.All(stored["hits"]!.AsArray().Zip(body["hits"]!.AsArray()), pair => Assert.Equal((float)pair.First!["score"]!, (float)pair.Second!["score"]!, 1e-5f));
    }

    [Fact]
    public async Task An_image_that_is_searched_with_is_not_stored()
    {
        var before = await (await fixture.Client.AskAsync("/v1/model")).BodyAsync(200);
        await (await PostNpyAsync("/v1/search/captions", Image.Npy(1000))).BodyAsync(200);
        var after = await (await fixture.Client.AskAsync("/v1/model")).BodyAsync(200);

        Assert.Equal(before["index"]!.ToJsonString(), after["index"]!.ToJsonString());
    }

    [Fact]
    public async Task Images_like_a_stored_one_are_ordered_by_the_first_stage_and_do_not_include_it()
    {
        var answer = await fixture.Client.AnswerAsync("/v1/search/images", $$"""{ "imageId": "{{Corpus.IdOf(Row)}}", "top": 100 }""");

        var hits = answer["hits"]!.AsArray();
        Assert.Equal(ServerFixture.Images - 1, hits.Count);
        Assert.DoesNotContain(Corpus.IdOf(Row), Ids(answer));
        Assert.Equal(Enumerable.Range(1, hits.Count), hits.Select(hit => (int)hit!["coarse"]!["rank"]!));
        Assert.Equal(hits.Select(Coarse).OrderDescending(), hits.Select(Coarse));
        Assert.All(hits, hit => Assert.Null(hit!["score"]));
        Assert.Equal(0, (int)answer["reranked"]!);
        Assert.Null(answer["degraded"]);
    }

    [Fact]
    public async Task Features_of_a_stored_image_find_that_image_first_and_then_the_same_others()
    {
        var stored = await fixture.Client.AnswerAsync("/v1/search/images", $$"""{ "imageId": "{{Corpus.IdOf(Row)}}", "top": 5 }""");
        var features = await (await PostNpyAsync("/v1/search/images?top=6", Image.Npy(Row))).BodyAsync(200);

        Assert.Equal([Corpus.IdOf(Row), .. Ids(stored)], Ids(features));
    }

    [Fact]
    public async Task A_filter_applies_to_images_like_an_image_in_either_form_of_the_body()
    {
        var json = await fixture.Client.AnswerAsync("/v1/search/images", $$"""{ "features": "{{Image.Raw(Row)}}", "top": 100, "filter": { "split": "test" } }""");
        var npy = await (await PostNpyAsync("/v1/search/images?top=100&filter=" + Uri.EscapeDataString("""{"split":["test"]}"""), Image.Npy(Row))).BodyAsync(200);

        Assert.Equal(16, Ids(json).Length);
        Assert.Equal(Ids(json), Ids(npy));
    }

    [Theory]
    [InlineData("/v1/search/images", "{}", "caption")]
    [InlineData("/v1/search/captions", "{}", "imageId")]
    [InlineData("/v1/search/images", """{ "caption": "w4", "imageId": "plain.jpg" }""", null)]
    [InlineData("/v1/search/captions", """{ "imageId": "plain.jpg", "features": "AAAA" }""", null)]
    [InlineData("/v1/search/images", """{ "imageId": "plain.jpg", "shortlist": 20 }""", "shortlist")]
    [InlineData("/v1/search/images", """{ "imageId": "plain.jpg", "rankBy": "score" }""", "rankBy")]
    [InlineData("/v1/search/captions", """{ "features": "not base64" }""", "features")]
    [InlineData("/v1/search/captions", """{ "features": "AAA=" }""", "features")]
    public async Task What_is_not_exactly_one_query_is_a_400_that_names_the_member(string path, string json, string? field)
    {
        var (response, _) = await fixture.Client.PostAsync(path, json);

        await response.ProblemAsync(400, field);
    }

    [Theory]
    [InlineData("top=0", "top")]
    [InlineData("top=many", "top")]
    [InlineData("top=1&top=2", "top")]
    [InlineData("rankBy=coarse", "rankBy")]
    [InlineData("filter=split", "filter")]
    [InlineData("Top=3", "Top")]
    [InlineData("imageId=plain.jpg", "imageId")]
    [InlineData("deadlineMs=-1", "deadlineMs")]
    public async Task A_wrong_parameter_beside_an_npy_body_is_a_400_that_names_it(string query, string field) =>
        await (await PostNpyAsync("/v1/search/captions?" + query, Image.Npy(Row))).ProblemAsync(400, field);

    [Fact]
    public async Task Features_of_another_shape_are_a_422_that_names_the_right_one()
    {
        var problem = await (await PostNpyAsync("/v1/search/captions", Image.Npy(Row, Image.Width, Image.Regions))).ProblemAsync(422, "features");

        Assert.Contains($"{Image.Regions}", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_no_npy_file_is_a_400() => await (await PostNpyAsync("/v1/search/captions", new byte[64])).ProblemAsync(400, "body");

    [Fact]
    public async Task A_value_that_is_not_finite_is_a_400()
    {
        var features = Corpus.RegionsOf(Row);
        features[3] = float.NaN;
        var raw = Convert.ToBase64String(System.Runtime.InteropServices.MemoryMarshal.AsBytes(features.AsSpan()));
        var (response, _) = await fixture.Client.PostAsync("/v1/search/captions", $$"""{ "features": "{{raw}}" }""");

        await response.ProblemAsync(400, "features");
    }

    [Fact]
    public async Task An_unknown_image_is_a_404()
    {
        var (response, _) = await fixture.Client.PostAsync("/v1/search/images", """{ "imageId": "nobody" }""");

        await response.ProblemAsync(404);
    }

    [Theory]
    [InlineData("/v1/search/captions", "application/json, application/x-npy")]
    [InlineData("/v1/score", "application/json")]
    public async Task A_415_names_the_types_that_are_taken(string path, string types)
    {
        using var content = new StringContent("x", System.Text.Encoding.UTF8, "text/plain");
        using var response = await fixture.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

        var problem = await response.ProblemAsync(415);
        Assert.All(types.Split(", "), type => Assert.Contains(type, (string)problem["detail"]!, StringComparison.Ordinal));
    }

    private static string[] Ids(JsonObject answer) => [.. answer["hits"]!.AsArray().Select(hit => (string)hit!["id"]!)];

    private static float Coarse(JsonNode? hit) => (float)hit!["coarse"]!["score"]!;

    private async Task<HttpResponseMessage> PostNpyAsync(string path, byte[] npy)
    {
        using var content = new ByteArrayContent(npy);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-npy");
        return await fixture.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }
}
