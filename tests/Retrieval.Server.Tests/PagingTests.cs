using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

public sealed class PagingTests(ServerFixture fixture)
{
    [Theory]
    [InlineData("/v1/search/images", "\"caption\": \"w4 w5\", \"shortlist\": 20", 7)]
    [InlineData("/v1/search/images", "\"caption\": \"w4 w5\", \"shortlist\": 10, \"rankBy\": \"score\"", 10)]
    [InlineData("/v1/search/captions", "\"imageId\": \"plain.jpg\", \"shortlist\": 16", 9)]
    [InlineData("/v1/search/images", "\"imageId\": \"plain.jpg\"", 6)]
    [InlineData("/v1/search/images", "\"caption\": \"w9\", \"shortlist\": 6, \"filter\": { \"split\": \"test\" }", 5)]
    public async Task Pages_have_every_hit_once_with_its_rank(string path, string query, int top)
    {
        List<JsonNode> hits = [];
        for (var offset = 0; ; offset += top)
        {
            var page = await PageAsync(path, query, offset, top);
            Assert.Null(page["degraded"]);
            hits.AddRange(page["hits"]!.AsArray()!);
            if (page["hits"]!.AsArray().Count < top)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(1, hits.Count), hits.Select(hit => (int)hit["rank"]!));
        Assert.Equal(hits.Count, hits.Select(hit => (string)hit["id"]!).Distinct().Count());
        Assert.Equal(query.Contains("filter", StringComparison.Ordinal) ? 16 : path.EndsWith("captions", StringComparison.Ordinal) ? 2 * ServerFixture.Images : ServerFixture.Images - (query.Contains("imageId", StringComparison.Ordinal) ? 1 : 0), hits.Count);
    }

    [Fact]
    public async Task The_first_page_has_the_hits_of_a_search_without_pages()
    {
        var whole = await fixture.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4 w5", "top": 12, "shortlist": 20 }""");
        var page = await PageAsync("/v1/search/images", "\"caption\": \"w4 w5\", \"shortlist\": 20", 0, 12);

        Assert.Equal(whole["hits"]!.ToJsonString(), page["hits"]!.ToJsonString());
    }

    [Fact]
    public async Task A_page_within_the_shortlist_reranks_that_one_shortlist()
    {
        var page = await PageAsync("/v1/search/images", "\"caption\": \"w4 w5\", \"shortlist\": 20", 25, 5);

        Assert.Equal(20, (int)page["reranked"]!);
        Assert.Equal(26, (int)page["hits"]![0]!["rank"]!);
    }

    [Theory]
    [InlineData("\"offset\": -1")]
    [InlineData("\"offset\": 1000")]
    [InlineData("\"offset\": 995, \"top\": 6")]
    [InlineData("\"offset\": \"1\"")]
    public async Task An_offset_beyond_the_bound_of_top_is_a_400(string members)
    {
        var (response, _) = await fixture.Client.PostAsync("/v1/search/images", $$"""{ "caption": "w4", {{members}} }""");

        await response.ProblemAsync(400, "offset");
    }

    [Fact]
    public async Task A_page_behind_the_last_hit_is_empty()
    {
        var page = await PageAsync("/v1/search/images", "\"caption\": \"w4\"", 500, 10);

        Assert.Empty(page["hits"]!.AsArray());
        Assert.Null(page["degraded"]);
    }

    private Task<JsonObject> PageAsync(string path, string query, int offset, int top) =>
        fixture.Client.AnswerAsync(path, $$"""{ {{query}}, "offset": {{offset}}, "top": {{top}} }""");
}
