using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Domain.Images;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Server.Contracts;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Answers;

/// <summary>The bound on the length of answers, over an index from before there were bounds on what is stored.</summary>
public sealed class AnswerBoundTests : IAsyncLifetime
{
    private const int Most = 200_000;

    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        var index = _folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, 12);
        await StoredBefore.AddAsync(
            index, "plain.jpg", [.. Enumerable.Range(0, 4).Select(i => ($"big-{i}", StoredBefore.Metadata($"big-{i}", 90_000))), ("huge", StoredBefore.Metadata("huge", 300_000))]);
        var options = RunningServer.Options(Repository.Bundle, index);
        options = options with { Search = options.Search with { MaxAnswerBytes = Most }, Images = new ImageBounds { MaxMetadataBytes = 1000, MaxCaptions = 10, MaxCaptionBytes = 1000 } };
        _server = await (await RunningServer.StartAsync(options)).ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_was_stored_before_there_were_bounds_is_answered_with_as_long_as_it_fits()
    {
        var answer = await _server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "top": 2, "filter": { "group": "big" } }""");
        Assert.Equal(2, answer["hits"]!.AsArray().Count);
        Assert.All(answer["hits"]!.AsArray(), hit => Assert.Equal(90_000, ((string)hit!["metadata"]!["blob"]!).Length));
        var image = await (await _server.Client.AskAsync("/v1/images/big-1")).BodyAsync(200);
        Assert.Equal("big-1", (string)image["metadata"]!["who"]!);
    }

    [Fact]
    public async Task A_search_whose_answer_is_too_long_is_a_422_that_says_what_to_do()
    {
        var (response, _) = await _server.Client.PostAsync("/v1/search/images", """{ "caption": "w4", "top": 3, "filter": { "group": "big", "who": ["big-0", "big-1", "big-2"] } }""");
        var problem = await response.ProblemAsync(422, "top");
        Assert.Matches("^the answer takes 270[0-9]{3} bytes or more; expected at most 200000 .*: lower top$", (string)problem["detail"]!);
        var (huge, _) = await _server.Client.PostAsync("/v1/search/images", """{ "caption": "w4", "top": 1, "filter": { "who": "huge" } }""");
        await huge.ProblemAsync(422, "top");
    }

    [Fact]
    public async Task An_image_that_is_too_long_is_a_422()
    {
        var problem = await (await _server.Client.AskAsync("/v1/images/huge")).ProblemAsync(422);
        Assert.Contains("store it again", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_batch_only_the_answers_that_have_no_room_are_given_up()
    {
        var queries = Enumerable.Range(0, 5).Select(i => $$$"""{ "caption": "w4", "top": 1, "filter": { "who": "{{{(i == 2 ? "huge" : $"big-{i % 4}")}}}" } }""");
        using var content = new StringContent($$"""{ "queries": [ {{string.Join(',', queries)}}, { "caption": "w4", "top": 1, "filter": { "split": "test" } } ] }""", Encoding.UTF8, "application/json");
        using var response = await _server.Client.PostAsync(new Uri("/v1/search/batch", UriKind.Relative), content, TestContext.Current.CancellationToken);

        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.Equal((200, body.Length), ((int)response.StatusCode, (int)response.Content.Headers.ContentLength!));
        Assert.InRange(body.Length, 180_000, Most);
        var answers = JsonNode.Parse(body)!["answers"]!.AsArray();
        Assert.Equal([200, 200, 422, 422, 422, 200], answers.Select(answer => (int?)answer!["status"] ?? 200));
        Assert.All(answers.Where(answer => answer!["status"] is not null), answer => Assert.Equal("top", (string)answer!["field"]!));
    }

    [Fact]
    public async Task Scores_that_are_too_long_together_are_a_422()
    {
        var options = RunningServer.Options(Repository.Bundle, _folder["index"]);
        options = options with { Search = options.Search with { MaxAnswerBytes = 90, MaxPairs = 100 } };
        await using var server = await (await RunningServer.StartAsync(options)).ReadyAsync();
        var pairs = string.Join(',', Enumerable.Repeat("""{ "imageId": "plain.jpg", "caption": "w4" }""", 20));
        var (response, _) = await server.Client.PostAsync("/v1/score", $$"""{ "pairs": [ {{pairs}} ] }""");
        await response.ProblemAsync(422, "pairs");
    }

    [Fact]
    public async Task An_answer_is_byte_for_byte_what_the_documented_types_are_written_as()
    {
        var service = _server.App.Services.GetRequiredService<SearchService>();
        foreach (var (path, json, request) in new (string, string, SearchRequest)[]
        {
            ("/v1/search/images", """{ "caption": "w4 nobody", "top": 6, "filter": { "split": ["test", "train"] } }""", new ImageSearchRequest { Caption = "w4 nobody", Top = 6, Filter = new Dictionary<string, MetadataCondition> { ["split"] = MetadataCondition.OfTexts("test", "train") } }),
            ("/v1/search/captions", """{ "imageId": "quote\"back\\slash", "top": 24 }""", new CaptionSearchRequest { ImageId = "quote\"back\\slash", Top = 24 }),
        })
        {
            using var answer = await service.SearchAsync(request, TestContext.Current.CancellationToken);
            Hit[] hits = [.. answer.Hits.Select(hit => new Hit(hit.Id, hit.Rank, hit.Score, hit.ScoreRank, hit.Coarse, hit.RankingScore, hit.Metadata) { ImageId = hit.Caption is null ? null : hit.ImageId, Caption = hit.Caption })];
            var expected = JsonSerializer.Serialize(
                new SearchResponse(hits, answer.Query, answer.Shortlisted, answer.Reranked, answer.Degraded, answer.Model, answer.Index, answer.IndexEpoch), WireJson.Options);

            Assert.Equal(expected, await TextAsync(path, json));
        }

        var images = _server.App.Services.GetRequiredService<ImageReader>();
        foreach (var id in Corpus.AwkwardIds)
        {
            var expected = JsonSerializer.Serialize(images.Read(id), WireJson.Options);
            Assert.Equal(expected, await _server.Client.GetStringAsync(new Uri($"/v1/images/{Uri.EscapeDataString(id)}", UriKind.Relative), TestContext.Current.CancellationToken));
        }

        var scores = await service.ScoreAsync([new ScorePair("plain.jpg", "w4", null), new ScorePair("a/b/c.jpg", "w5", null)], TestContext.Current.CancellationToken);
        Assert.Equal(
            JsonSerializer.Serialize(new ScoreResponse(scores.Scores, scores.Model, scores.IndexEpoch), WireJson.Options),
            await TextAsync("/v1/score", """{ "pairs": [ { "imageId": "plain.jpg", "caption": "w4" }, { "imageId": "a/b/c.jpg", "caption": "w5" } ] }"""));
    }

    private async Task<string> TextAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await _server.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
