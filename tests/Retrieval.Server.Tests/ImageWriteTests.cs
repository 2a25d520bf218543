using System.Text;
using System.Text.Json.Nodes;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Server.Tests;

/// <summary>Single images put into and deleted from a local index.</summary>
public sealed class ImageWriteTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    private HttpClient Client => _server.Client;

    public async ValueTask InitializeAsync()
    {
        await Corpus.IngestAsync(Repository.Bundle, _folder["index"], 12);
        var options = RunningServer.Options(Repository.Bundle, _folder["index"]);

        // Slow senders are to stay until a test has seen what they hold.
        var server = await RunningServer.StartAsync(options with { Http = options.Http with { MinRateGraceSeconds = 600 } });
        _server = await server.ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_image_is_found_by_the_search_after_its_put_and_gone_after_its_delete()
    {
        var body = Image.Body(40, "w4 w5 w6", "w7 w8");
        body["metadata"] = new JsonObject { ["split"] = "new", ["year"] = 2020, ["scale"] = JsonNode.Parse("2.50"), ["indoor"] = true, ["none"] = null };
        body["boxes"] = new JsonArray([.. Enumerable.Range(0, Image.Regions).Select(i => new JsonArray(i, i + 1, i + 2, i + 3.5))]);

        var put = await Client.PutAsync("/v1/images/new%2Fone.jpg", body.ToJsonString());

        var created = await put.BodyAsync(201);
        Assert.Equal("/v1/images/new%2Fone.jpg", put.Headers.Location?.OriginalString);
        Assert.Equal(("new/one.jpg", "created", true), ((string)created["id"]!, (string)created["change"]!, (bool)created["visible"]!));
        var found = await Client.AnswerAsync("/v1/search/images", """{ "caption": "w4 w5 w6", "filter": { "split": "new", "year": "2020", "indoor": "true" } }""");
        Assert.Equal("new/one.jpg", (string)Assert.Single(found["hits"]!.AsArray())!["id"]!);
        Assert.Equal((long)created["indexEpoch"]!, (long)found["indexEpoch"]!);
        foreach (var filter in new[] { """{ "year": 2020.0 }""", """{ "year": { "gt": 2019.5, "lte": 2020 }, "indoor": true }""", """{ "scale": [1, 2.5], "year": { "lt": 2021 } }""", """{ "year": ["none", { "gte": 2e3 }] }""" })
        {
            found = await Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "w4 w5 w6", "filter": {{filter}} }""");
            Assert.Equal("new/one.jpg", (string)Assert.Single(found["hits"]!.AsArray())!["id"]!);
        }

        foreach (var filter in new[] { """{ "year": 2021 }""", """{ "year": { "gt": 2020 } }""", """{ "indoor": false }""", """{ "split": { "gte": 0 } }""" })
        {
            Assert.Empty((await Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "w4 w5 w6", "filter": {{filter}} }"""))["hits"]!.AsArray());
        }

        var image = await (await Client.AskAsync("/v1/images/new%2Fone.jpg")).JsonAsync();
        Assert.Equal(["w4 w5 w6", "w7 w8"], image["captions"]!.AsArray().Select(caption => (string)caption!["text"]!));
        Assert.Equal("""{"indoor":true,"scale":2.50,"split":"new","year":2020}""", image["metadata"]!.ToJsonString());
        Assert.Equal([35, 36, 37, 38.5], image["boxes"]![35]!.AsArray().Select(value => (double)value!));

        var replaced = await (await Client.PutAsync("/v1/images/new%2Fone.jpg", Image.Body(41, "w9").ToJsonString())).BodyAsync(200);
        Assert.Equal("replaced", (string)replaced["change"]!);
        image = await (await Client.AskAsync("/v1/images/new%2Fone.jpg")).JsonAsync();
        Assert.Equal("w9", (string)Assert.Single(image["captions"]!.AsArray())!["text"]!);
        Assert.True(image["boxes"] is null && image["metadata"] is null);

        var deleted = await (await Client.RemoveAsync("/v1/images/new%2Fone.jpg")).BodyAsync(200);
        Assert.Equal(("deleted", true), ((string)deleted["change"]!, (bool)deleted["visible"]!));
        await (await Client.AskAsync("/v1/images/new%2Fone.jpg")).ProblemAsync(404);
        await (await Client.RemoveAsync("/v1/images/new%2Fone.jpg")).ProblemAsync(404);
    }

    [Fact]
    public async Task An_image_put_is_to_the_last_bit_what_an_ingestion_stores()
    {
        using var clean = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, clean["index"], 1);

        // Row 0 has metadata and boxes; its model saw it in a batch of its own.
        var body = Image.Body(0, Corpus.CaptionOf(0, 0), Corpus.CaptionOf(0, 1));
        body["metadata"] = new JsonObject { ["split"] = "test", ["row"] = "0" };
        body["boxes"] = new JsonArray([.. Enumerable.Range(0, Image.Regions).Select(i => new JsonArray((i * 4) + 0, (i * 4) + 1, (i * 4) + 2, (i * 4) + 3))]);
        await (await Client.PutAsync("/v1/images/plain.jpg", body.ToJsonString())).BodyAsync(200);
        for (var row = 1; row < 12; row++)
        {
            await (await Client.RemoveAsync($"/v1/images/{Uri.EscapeDataString(Corpus.IdOf(row))}")).BodyAsync(200);
        }

        using var expected = LocalIndex.Open(clean["index"]);
        using var found = LocalIndex.Open(_folder["index"]);
        Assert.Equal(expected.ContentHash(TestContext.Current.CancellationToken), found.ContentHash(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Features_come_raw_as_npy_in_base64_or_as_a_npy_body()
    {
        await (await Client.PutAsync("/v1/images/raw", Image.Body(30, "w5").ToJsonString())).BodyAsync(201);
        var npy = Image.Body(30, "w5");
        npy["features"] = Convert.ToBase64String(Image.Npy(30));
        await (await Client.PutAsync("/v1/images/npy", npy.ToJsonString())).BodyAsync(201);
        await (await Client.PutAsync("/v1/images/body?caption=w5&caption=w6%20w7", Image.Npy(30))).BodyAsync(201);

        // As some encoders write it: with slashes escaped.
        var escaped = Image.Body(30, "w5").ToJsonString().Replace("/", "\\/", StringComparison.Ordinal);
        Assert.Contains("\\/", escaped, StringComparison.Ordinal);
        await (await Client.PutAsync("/v1/images/raw", escaped)).BodyAsync(200);

        var scores = await Client.AnswerAsync("/v1/score", """{ "pairs": [{ "imageId": "raw", "caption": "w8 w9" }, { "imageId": "npy", "caption": "w8 w9" }, { "imageId": "body", "caption": "w8 w9" }] }""");
        Assert.Single(scores["scores"]!.AsArray().Select(score => (float)score!).Distinct());
        var image = await (await Client.AskAsync("/v1/images/body")).JsonAsync();
        Assert.Equal(["w5", "w6 w7"], image["captions"]!.AsArray().Select(caption => (string)caption!["text"]!));
    }

    [Theory]
    [InlineData("""{ }""", 400, "features")]
    [InlineData("""{ "features": 7 }""", 400, "features")]
    [InlineData("""{ "features": "not base64!" }""", 400, "features")]
    [InlineData("""{ "features": "AAAA\ud800" }""", 400, "features")]
    [InlineData("""{ "features": "AAAA" }""", 400, "features")]
    [InlineData("""{ "features": "AACAPwAAAEA=" }""", 422, "features")]
    [InlineData("""{ "features": "{raw}", "colour": 1 }""", 400, "colour")]
    [InlineData("""{ "features": "{raw}", "captions": "w4" }""", 400, "captions")]
    [InlineData("""{ "features": "{raw}", "captions": ["w4", 5] }""", 400, "captions[1]")]
    [InlineData("""{ "features": "{raw}", "captions": ["w4", ""] }""", 400, "captions[1]")]
    [InlineData("""{ "features": "{raw}", "captions": ["\u0000"] }""", 400, "captions[0]")]
    [InlineData("""{ "features": "{raw}", "metadata": [] }""", 400, "metadata")]
    [InlineData("""{ "features": "{raw}", "metadata": { "a": {} } }""", 400, "metadata.a")]
    [InlineData("""{ "features": "{raw}", "metadata": { "a": 1e401 } }""", 400, "metadata.a")]
    [InlineData("""{ "features": "{raw}", "metadata": { "a": null, "\u0061": 1 } }""", 400, "metadata.a")]
    [InlineData("""{ "features": "{raw}", "boxes": [[1, 2, 3, 4], [{many}]] }""", 400, "boxes[1]")]
    [InlineData("""{ "features": "{raw}", "metadata": { {members} } }""", 400, "metadata")]
    [InlineData("""{ "features": "{raw}", "colour": [{many}] }""", 400, "colour")]
    [InlineData("""{ "features": "{raw}", "captions": {}, "x": [{many}] }""", 400, "captions")]
    [InlineData("""{ "features": "{raw}", "boxes": [[1, 2, 3, 4]] }""", 400, "boxes")]
    [InlineData("""{ "features": "{raw}", "boxes": [[1, 2, 3, "4"]] }""", 400, "boxes[0][3]")]
    [InlineData("""{ "features": "{nan}" }""", 400, "features")]
    [InlineData("""{ "features": "{transposed}" }""", 422, "features")]
    [InlineData("""{ "features": "{torn}" }""", 400, "features")]
    [InlineData("""[]""", 400, null)]
    [Trait("Promise", "7")]
    public async Task What_cannot_be_stored_is_refused_by_name_and_changes_nothing(string json, int status, string? field)
    {
        var nan = Convert.FromBase64String(Image.Raw(1));
        BitConverter.TryWriteBytes(nan.AsSpan(400), float.NaN);
        json = json.Replace("{many}", string.Join(',', Enumerable.Repeat(1, 200_000)), StringComparison.Ordinal)
            .Replace("{members}", string.Join(',', Enumerable.Range(0, 50_000).Select(number => $"\"{number}\": 1")), StringComparison.Ordinal);
        json = json.Replace("{raw}", Image.Raw(1), StringComparison.Ordinal)
            .Replace("{nan}", Convert.ToBase64String(nan), StringComparison.Ordinal)
            .Replace("{transposed}", Convert.ToBase64String(Image.Npy(1, Image.Width, Image.Regions)), StringComparison.Ordinal)
            .Replace("{torn}", Convert.ToBase64String(Image.Npy(1)[..^8]), StringComparison.Ordinal);

        var problem = await (await Client.PutAsync("/v1/images/refused", json)).ProblemAsync(status, field);

        if (status == 422)
        {
            Assert.Contains("36 regions of 64 features", (string)problem["detail"]!, StringComparison.Ordinal);
        }

        await (await Client.AskAsync("/v1/images/refused")).ProblemAsync(404);
    }

    [Fact]
    [Trait("Promise", "7")]
    public async Task Ids_that_cannot_be_stored_are_refused()
    {
        await (await Client.PutAsync($"/v1/images/{new string('x', 257)}", Image.Body(1).ToJsonString())).ProblemAsync(400, "id");
        await (await Client.PutAsync("/v1/images/a%01b", Image.Body(1).ToJsonString())).ProblemAsync(400, "id");
        await (await Client.RemoveAsync("/v1/images/a%01b")).ProblemAsync(404);
        await (await Client.PutAsync("/v1/images/x?caption=w4", Image.Body(1).ToJsonString())).ProblemAsync(400, "caption");
        foreach (var id in Corpus.AwkwardIds)
        {
            await (await Client.PutAsync($"/v1/images/{Uri.EscapeDataString(id)}", Image.Body(2, "w4").ToJsonString())).BodyAsync(200);
        }
    }

    [Fact]
    public async Task An_ingestion_that_holds_the_index_is_a_409_and_searches_go_on()
    {
        using (var model = Retrieval.Inference.MatchingModel.Load(Repository.Bundle, new() { Threads = 1 }))
        using (LocalIndexWriter.OpenOrCreate(_folder["index"], IndexBinding.SchemaOf(model)))
        {
            await (await Client.PutAsync("/v1/images/late", Image.Body(1).ToJsonString())).ProblemAsync(409);
            await (await Client.RemoveAsync("/v1/images/plain.jpg")).ProblemAsync(409);
            Assert.Equal(12, (await Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "top": 100 }"""))["hits"]!.AsArray().Count);
        }

        await (await Client.PutAsync("/v1/images/late", Image.Body(1).ToJsonString())).BodyAsync(201);
    }

    [Fact]
    public async Task Writers_of_one_server_wait_for_each_other()
    {
        var puts = Enumerable.Range(0, 12).Select(i => Client.PutAsync($"/v1/images/many-{i}", Image.Body(i, "w4").ToJsonString())).ToList();

        foreach (var put in await Task.WhenAll(puts))
        {
            await put.BodyAsync(201);
        }

        Assert.Equal(24, (await Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "top": 100 }"""))["hits"]!.AsArray().Count);
    }

    [Fact]
    public async Task Images_have_a_limit_of_their_own_on_the_length_of_bodies()
    {
        var options = RunningServer.Options(Repository.Bundle, _folder["index"]);
        await using var small = await (await RunningServer.StartAsync(options with { Http = options.Http with { MaxBodyBytes = 1024, MaxImageBytes = 16 << 10 } })).ReadyAsync();

        await (await small.Client.PutAsync("/v1/images/big", Image.Body(1).ToJsonString())).BodyAsync(201);
        await (await small.Client.PutAsync("/v1/images/big", new string(' ', 16 << 10) + Image.Body(1).ToJsonString())).ProblemAsync(413);
        var (refused, _) = await small.Client.PostAsync("/v1/score", new string(' ', 1024) + """{ "caption": "w4" }""");
        await refused.ProblemAsync(413);
    }

    [Fact]
    public async Task A_write_that_ends_as_its_time_limit_passes_is_one_whole_answer()
    {
        var options = RunningServer.Options(Repository.Bundle, _folder["hurried"]);
        await Corpus.IngestAsync(Repository.Bundle, _folder["hurried"], 4);
        await using var hurried = await (await RunningServer.StartAsync(options with { Limits = options.Limits with { RequestTimeoutSeconds = 0.05 } })).ReadyAsync();
        var statuses = new List<int>();
        for (var round = 0; round < 20 || (round < 500 && !statuses.Contains(504)); round++)
        {
            foreach (var put in await Task.WhenAll(Enumerable.Range(0, 4).Select(i => hurried.Client.PutAsync($"/v1/images/{i}", Image.Body(i, "w4").ToJsonString()))))
            {
                statuses.Add((int)put.StatusCode);
                Assert.True((int)put.StatusCode is 200 or 201 or 504, $"{put.StatusCode}");
                await (put.IsSuccessStatusCode ? put.BodyAsync((int)put.StatusCode) : put.ProblemAsync(504));
            }
        }

        Assert.Contains(504, statuses);
    }

    [Fact]
    public async Task Only_so_many_long_bodies_are_received_at_once()
    {
        var senders = new System.Net.Sockets.TcpClient?[16];
        var late = Image.Body(1).ToJsonString() + new string(' ', (int)new HttpOptions().MaxBodyBytes);
        await Eventually.TrueAsync(
            async () =>
            {
                for (var i = 0; i < senders.Length; i++)
                {
                    senders[i] = await SendOnAsync(senders[i]);
                }

                return (int)(await Client.PutAsync("/v1/images/late", late)).StatusCode == 429;
            },
            "one more is shed");
        Assert.True((int)(await Client.PutAsync("/v1/images/short", Image.Body(1).ToJsonString())).StatusCode is 200 or 201, "a body as short as any is not one of them");
        Assert.Equal(10, (await Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["hits"]!.AsArray().Count);

        Array.ForEach(senders, sender => sender?.Dispose());
        await Eventually.TrueAsync(async () => (int)(await Client.PutAsync("/v1/images/late", late)).StatusCode is 200 or 201, "there is room again");
    }

    /// <summary>
    /// Sends some more of a long body, or the beginning of another: the server ends one that comes too slowly, which on a busy machine
    /// is before the last of many is there.
    /// </summary>
    private async Task<System.Net.Sockets.TcpClient> SendOnAsync(System.Net.Sockets.TcpClient? sender)
    {
        var cancellation = TestContext.Current.CancellationToken;
        try
        {
            if (sender is not null)
            {
                await sender.GetStream().WriteAsync(Encoding.ASCII.GetBytes(new string(' ', 4000)), cancellation);
                return sender;
            }
        }
        catch (IOException)
        {
            sender?.Dispose();
        }

        var another = new System.Net.Sockets.TcpClient();
        await another.ConnectAsync(_server.Address.Host, _server.Address.Port, cancellation);
        await another.GetStream().WriteAsync("PUT /v1/images/slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"u8.ToArray(), cancellation);
        return another;
    }

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("text/plain")]
    public async Task Another_type_of_body_is_a_415(string type)
    {
        using var content = new ByteArrayContent(Image.Npy(1));
        content.Headers.TryAddWithoutValidation("Content-Type", type);

        await (await Client.PutAsync(new Uri("/v1/images/x", UriKind.Relative), content, TestContext.Current.CancellationToken)).ProblemAsync(415);
    }
}
