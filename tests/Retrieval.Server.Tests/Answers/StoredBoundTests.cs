using System.Text.Json.Nodes;
using Retrieval.Domain.Images;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Server.Tests.Ingestions;

namespace Retrieval.Server.Tests.Answers;

/// <summary>The bounds on what is stored, at the doors of a server.</summary>
public sealed class StoredBoundTests : IAsyncLifetime
{
    private static readonly ImageBounds Small = new() { MaxMetadataBytes = 100, MaxCaptions = 3, MaxCaptionBytes = 64 };

    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        await Corpus.IngestAsync(Repository.Bundle, _folder["index"], 4);
        Directory.CreateDirectory(_folder["roots"]);
        var options = RunningServer.Options(Repository.Bundle, _folder["index"]) with { Images = Small, Ingestion = new ServerIngestionOptions { Roots = [_folder["roots"]] } };
        _server = await (await RunningServer.StartAsync(options)).ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_put_with_more_than_may_be_stored_is_a_400_that_names_the_member_and_stores_nothing()
    {
        await RefusedAsync(Body(["w4", "w5", "w6", "w7"]), "captions", "has 4 items; expected at most 3");
        await RefusedAsync(Body([string.Join(' ', Enumerable.Repeat("w4", 22))]), "captions", "65 bytes of captions together, expected at most 64");
        await RefusedAsync(Body(["w4"], ("a", new string('x', 93))), "metadata", "101 bytes of metadata as compact JSON, expected at most 100");
        await RefusedAsync(Body(["w4"], ("a", new string('雪', 31))), "metadata", "101 bytes");
        await RefusedAsync(Body(["w4"], (new string('k', 257), "")), "metadata", "a key of metadata of 257 characters, expected at most 256");
        await RefusedAsync(Body(["w4"], [.. Enumerable.Range(0, 65).Select(i => ($"{i}", ""))]), "metadata", "has 65 entries; expected at most 64");
        var npy = await _server.Client.PutAsync("/v1/images/refused?caption=w4&caption=w5&caption=w6&caption=w7", Image.Npy(1));
        await npy.ProblemAsync(400, "captions");
        await (await _server.Client.AskAsync("/v1/images/refused")).ProblemAsync(404);
    }

    [Fact]
    public async Task What_is_just_within_the_bounds_is_stored_and_comes_back_as_it_was()
    {
        await (await _server.Client.PutAsync("/v1/images/whole", Body([string.Join(' ', Enumerable.Repeat("w4", 20)), "w5", "w\"6"], ("a", new string('雪', 28) + "\"\\\n")).ToJsonString())).BodyAsync(201);

        var image = await (await _server.Client.AskAsync("/v1/images/whole")).BodyAsync(200);

        Assert.Equal(new string('雪', 28) + "\"\\\n", (string)image["metadata"]!["a"]!);
        Assert.Equal("w\"6", (string)image["captions"]![2]!["text"]!);
        var hits = (await _server.Client.AnswerAsync("/v1/search/captions", """{ "imageId": "whole", "top": 100 }"""))["hits"]!.AsArray();
        Assert.Equal(3, hits.Count(hit => (string)hit!["imageId"]! == "whole"));
    }

    [Fact]
    public async Task A_row_of_an_ingestion_with_more_than_may_be_stored_is_among_the_rejects_with_its_reason()
    {
        SplitFiles.Write(_folder["roots/split"], 4);
        await File.WriteAllLinesAsync(
            _folder[$"roots/split/{SplitFiles.Split}_metadata.jsonl"],
            ["{}", $$"""{"a":"{{new string('x', 94)}}"}""", """{"a":"b"}""", $$"""{"{{new string('k', 257)}}":1}"""], TestContext.Current.CancellationToken);

        var run = await _server.EndedAsync(await _server.BeginAsync(SplitFiles.Order("split")), "completed");

        Assert.Equal((2, 2), ((int)run["stored"]!, (int)run["rejected"]!));
        Assert.Equal(
            [(1, "102 bytes of metadata as compact JSON, expected at most 100 an image"), (3, "a key of metadata of 257 characters, expected at most 256")],
            run["firstRejects"]!.AsArray().Select(reject => ((int)reject!["row"]!, (string)reject["reason"]!)));
        await (await _server.Client.AskAsync("/v1/images/split-0001")).ProblemAsync(404);
    }

    private static JsonObject Body(string[] captions, params (string Key, string Value)[] metadata)
    {
        var body = Image.Body(1, captions);
        body["metadata"] = new JsonObject(metadata.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));
        return body;
    }

    private async Task RefusedAsync(JsonObject body, string field, string reason)
    {
        var problem = await (await _server.Client.PutAsync("/v1/images/refused", body.ToJsonString())).ProblemAsync(400, field);
        Assert.Contains(reason, (string)problem["detail"]!, StringComparison.Ordinal);
    }
}
