using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Damage;

/// <summary>Values at rest that are no numbers, written into the files of a served index.</summary>
public sealed class DamagedValueTests
{
    private const int Images = 24;
    private const string Caption = "w4 w5 w6";
    private static readonly string bundles = Path.GetDirectoryName(Repository.Bundle)!;

    public static TheoryData<string, string> Bundles => new()
    {
        { "camp-gate-fusion-new-concat", "NaN" },
        { "camp-gate-fusion-new-concat", "+inf" },
        { "camp-gate-fusion-new-concat", "-inf" },
        { "camp-gate-fusion-new-concat-compact-float16", "NaN" },
        { "camp-gate-fusion-new-concat-compact-float16", "+inf" },
    };

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public async Task An_image_whose_embedding_is_damaged_is_left_out_with_a_word_and_all_others_keep_their_scores(float value)
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, Images);
        await using var server = await (await RunningServer.StartAsync(Options(index, Repository.Bundle))).ReadyAsync();
        var before = await ImagesAsync(server, 10);
        var best = before[0].Id;
        var slot = index.SlotOf(best);
        var row = new FileInfo(index.File("images/embedding.f32")).Length / Images;

        DamagedIndex.Overwrite(index.File("images/embedding.f32"), (slot * row) + 8, BitConverter.GetBytes(value));

        var (after, degraded) = await SearchAsync(server, 10);
        Assert.Equal("damaged", degraded);
        Assert.Equal(10, after.Count);
        Assert.DoesNotContain(best, after.Select(hit => hit.Id));
        foreach (var hit in before.Skip(1))
        {
            // To the bit: JSON has the shortest text that reads back as the very number.
            Assert.Equal(hit, after.Single(other => other.Id == hit.Id));
        }

        Assert.True(await server.MetricAsync("retrieval_damaged_total{kind=\"image_embedding\"}") >= 1);
        var query = await PostAsync(server, "/v1/search/captions", new JsonObject { ["imageId"] = best });
        Assert.Contains("damaged", (string)(await query.ProblemAsync(503))["detail"]!, StringComparison.Ordinal);
        await SearchAsync(server, 10);
        var logged = Assert.Single(server.Log.Of(1130));
        Assert.Equal(LogLevel.Warning, logged.Level);
        Assert.Contains($"slot {slot}", logged.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(best, logged.Message, StringComparison.Ordinal);
        await NoServerErrorAsync(server, index);
    }

    [Theory]
    [InlineData("images")]
    [InlineData("captions")]
    public async Task A_pair_of_which_one_side_is_damaged_is_not_explained_and_all_others_are(string collection)
    {
        using var index = await DamagedIndex.CreateAsync(Repository.ExplainedBundle, 4);
        await using var server = await (await RunningServer.StartAsync(Options(index, Repository.ExplainedBundle))).ReadyAsync();
        var (image, caption) = collection == "images" ? (Corpus.IdOf(1), Corpus.IdOf(2) + "#0") : (Corpus.IdOf(2), Corpus.IdOf(1) + "#0");
        var slot = index.SlotOf(Corpus.IdOf(1)) * (collection == "images" ? 1 : Corpus.CaptionsPerImage);
        var (file, at, bytes) = Field(index, collection, slot, "NaN");

        DamagedIndex.Overwrite(file, at, bytes);

        var refused = await PostAsync(server, "/v1/explain", new JsonObject { ["imageId"] = image, ["captionId"] = caption });
        Assert.Contains("damaged", (string)(await refused.ProblemAsync(503))["detail"]!, StringComparison.Ordinal);
        await (await PostAsync(server, "/v1/explain", new JsonObject { ["imageId"] = Corpus.IdOf(2), ["captionId"] = Corpus.IdOf(2) + "#0" })).BodyAsync(200);
    }

    [Theory]
    [MemberData(nameof(Bundles))]
    public async Task An_image_whose_record_is_damaged_is_left_out_with_a_word_and_all_others_keep_their_scores(string name, string value)
    {
        var bundle = Path.Combine(bundles, name);
        using var index = await DamagedIndex.CreateAsync(bundle, Images);
        await using var server = await (await RunningServer.StartAsync(Options(index, bundle))).ReadyAsync();
        var before = await ImagesAsync(server, Images);
        var (bad, good) = (before[0].Id, before[1].Id);
        var pair = new JsonObject { ["imageId"] = good, ["caption"] = Caption };
        var goodScore = (float)(await (await PostAsync(server, "/v1/score", Pairs(pair))).BodyAsync(200))["scores"]![0]!;
        var captionsBefore = await (await PostAsync(server, "/v1/search/captions", new JsonObject { ["imageId"] = good })).BodyAsync(200);
        var (file, at, bytes) = Field(index, "images", index.SlotOf(bad), value);

        DamagedIndex.Overwrite(file, at, bytes);

        var (after, degraded) = await SearchAsync(server, Images);
        Assert.Equal("damaged", degraded);
        Assert.Equal(before.Skip(1).Select(hit => (hit.Id, hit.Score)), after.Select(hit => (hit.Id, hit.Score)));
        Assert.True(await server.MetricAsync("retrieval_damaged_total{kind=\"image_record\"}") >= 1);

        // The next one in coarse order stands in for it, as if it had never been there.
        var coarse = before.OrderByDescending(hit => hit.Coarse).ToList();
        var narrow = Math.Min(Images - 1, coarse.FindIndex(hit => hit.Id == bad) + 1);
        var stood = await (await PostAsync(server, "/v1/search/images", new JsonObject { ["caption"] = Caption, ["top"] = narrow, ["shortlist"] = narrow })).BodyAsync(200);
        Assert.Equal("damaged", (string)stood["degraded"]!);
        Assert.Equal(coarse.Where(hit => hit.Id != bad).Take(narrow).OrderByDescending(hit => hit.Score).Select(hit => (hit.Id, hit.Score)), Hits(stood).Select(hit => (hit.Id, hit.Score)));

        // Asked for by name it is a problem, and it disturbs nobody that did not.
        await (await PostAsync(server, "/v1/search/captions", new JsonObject { ["imageId"] = bad })).ProblemAsync(503);
        var scored = await (await PostAsync(server, "/v1/score", Pairs(pair.DeepClone(), new JsonObject { ["imageId"] = bad, ["caption"] = Caption }))).ProblemAsync(503, "pairs[1]");
        Assert.Contains("pairs[1]", (string)scored["detail"]!, StringComparison.Ordinal);
        await (await PostAsync(server, "/v1/score", Pairs(new JsonObject { ["imageId"] = bad, ["captionId"] = $"{good}#0" }))).ProblemAsync(503, "pairs[0]");
        Assert.Equal(goodScore, (float)(await (await PostAsync(server, "/v1/score", Pairs(pair.DeepClone()))).BodyAsync(200))["scores"]![0]!);
        var captions = await (await PostAsync(server, "/v1/search/captions", new JsonObject { ["imageId"] = good })).BodyAsync(200);
        Assert.Equal(captionsBefore.ToJsonString(), captions.ToJsonString());
        await NoServerErrorAsync(server, index);
    }

    [Theory]
    [MemberData(nameof(Bundles))]
    public async Task A_caption_whose_record_is_damaged_is_left_out_and_its_neighbours_keep_their_scores(string name, string value)
    {
        var bundle = Path.Combine(bundles, name);
        using var index = await DamagedIndex.CreateAsync(bundle, Images);
        await using var server = await (await RunningServer.StartAsync(Options(index, bundle))).ReadyAsync();
        var query = new JsonObject { ["imageId"] = "plain.jpg", ["top"] = Images * Corpus.CaptionsPerImage };
        var before = Hits(await (await PostAsync(server, "/v1/search/captions", query)).BodyAsync(200));
        var bad = before[Images / 2].Id;
        var slot = index.Read(read => read.TryGetImageSlot(bad[..bad.LastIndexOf('#')], out var image) ? read.GetImage(image).FirstCaption + int.Parse(bad[(bad.LastIndexOf('#') + 1)..]) : -1);
        var (file, at, bytes) = Field(index, "captions", slot, value);

        DamagedIndex.Overwrite(file, at, bytes);

        var answer = await (await PostAsync(server, "/v1/search/captions", query.DeepClone())).BodyAsync(200);
        Assert.Equal("damaged", (string)answer["degraded"]!);
        Assert.Equal(before.Where(hit => hit.Id != bad).Select(hit => (hit.Id, hit.Score)), Hits(answer).Select(hit => (hit.Id, hit.Score)));
        Assert.True(await server.MetricAsync("retrieval_damaged_total{kind=\"caption_record\"}") >= 1);
        await NoServerErrorAsync(server, index);
    }

    [Theory]
    [InlineData("captions/length.i64")]
    [InlineData("captions/offset.i64")]
    public async Task Which_rows_a_caption_owns_is_what_was_checked_when_the_index_was_opened(string file)
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, Images);
        await using var server = await (await RunningServer.StartAsync(Options(index, Repository.Bundle))).ReadyAsync();
        var query = new JsonObject { ["imageId"] = "plain.jpg", ["top"] = Images * Corpus.CaptionsPerImage };
        var before = (await (await PostAsync(server, "/v1/search/captions", query)).BodyAsync(200))["hits"]!.ToJsonString();

        // An address far outside of the bank, had anybody followed it.
        for (var caption = 0; caption < Images * Corpus.CaptionsPerImage; caption++)
        {
            DamagedIndex.Overwrite(index.File(file), caption * 8, BitConverter.GetBytes(long.MaxValue / 3));
        }

        Assert.Equal(before, (await (await PostAsync(server, "/v1/search/captions", query.DeepClone())).BodyAsync(200))["hits"]!.ToJsonString());
        await NoServerErrorAsync(server, index);
    }

    [Fact]
    public async Task Damaged_metadata_of_one_image_leave_filters_for_all_others()
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, Images);
        var slot = index.SlotOf(Corpus.IdOf(9));
        DamagedIndex.Overwrite(index.File("images/metadata.end.i64"), slot * 8, BitConverter.GetBytes(long.MaxValue - 7));
        await using var server = await (await RunningServer.StartAsync(Options(index, Repository.Bundle))).ReadyAsync();

        var body = new JsonObject { ["caption"] = Caption, ["top"] = Images, ["filter"] = new JsonObject { ["split"] = "test" } };
        var answer = await (await PostAsync(server, "/v1/search/images", body)).BodyAsync(200);

        Assert.Equal("damaged", (string)answer["degraded"]!);
        Assert.Equal(Enumerable.Range(0, Images).Where(row => row % 3 == 0 && row != 9).Select(Corpus.IdOf).Order(), Hits(answer).Select(hit => hit.Id).Order());
        await NoServerErrorAsync(server, index);
    }

    // Without the check at rest, which would find the same by checksum at its own time: what is seen here is seen by the queries.
    private static Configuration.ServerOptions Options(DamagedIndex index, string bundle)
    {
        var options = RunningServer.Options(bundle, index.Path);
        return options with { Snapshot = options.Snapshot with { ScrubBytesPerSecond = 0 } };
    }

    // Some word or region in the middle of the item's record, of the first field that holds floating-point numbers.
    private static (string File, long At, byte[] Bytes) Field(DamagedIndex index, string collection, long slot, string value) => index.Read(read =>
    {
        var bank = collection == "images" ? read.Images : read.Captions;
        var field = bank.Fields.First(field => field.Spec.Type is Domain.Bundles.ElementType.Float32 or Domain.Bundles.ElementType.Float16);
        var row = field.Spec.Ragged ? bank.Extents!.Offsets[(int)slot] : slot;
        var size = field.Spec.Type == Domain.Bundles.ElementType.Float32 ? 4 : 2;
        var number = value switch { "NaN" => float.NaN, "+inf" => float.PositiveInfinity, _ => float.NegativeInfinity };
        var bytes = size == 4 ? BitConverter.GetBytes(number) : BitConverter.GetBytes((Half)number);
        return (index.RecordFile(collection, field.Spec.Name), (row * field.Spec.RowBytes) + (field.Spec.RowBytes / size / 2 * size), bytes);
    });

    // No answer of any kind to anybody is a 500 or cut off, and none holds anything but numbers.
    private static async Task NoServerErrorAsync(RunningServer server, DamagedIndex index)
    {
        for (var row = 0; row < Images; row++)
        {
            foreach (var (path, body) in new[]
            {
                ("/v1/search/images", new JsonObject { ["caption"] = Corpus.CaptionOf(row, 0), ["top"] = Images }),
                ("/v1/search/captions", new JsonObject { ["imageId"] = Corpus.IdOf(row), ["top"] = Images }),
            })
            {
                var response = await PostAsync(server, path, body);
                Assert.True((int)response.StatusCode is 200 or 503, $"{path} {body.ToJsonString()}: {(int)response.StatusCode}");
                Assert.NotNull(await response.JsonAsync());
            }
        }

        Assert.NotEmpty(index.Path);
    }

    private static JsonObject Pairs(params JsonNode[] pairs) => new() { ["pairs"] = new JsonArray(pairs) };

    private static async Task<HttpResponseMessage> PostAsync(RunningServer server, string path, JsonNode body) => (await server.Client.PostAsync(path, body.ToJsonString())).Response;

    private static async Task<List<Found>> ImagesAsync(RunningServer server, int top)
    {
        var (hits, degraded) = await SearchAsync(server, top);
        Assert.Null(degraded);
        return hits;
    }

    private static async Task<(List<Found> Hits, string? Degraded)> SearchAsync(RunningServer server, int top)
    {
        var answer = await (await PostAsync(server, "/v1/search/images", new JsonObject { ["caption"] = Caption, ["top"] = top })).BodyAsync(200);
        return (Hits(answer), (string?)answer["degraded"]);
    }

    private static List<Found> Hits(JsonObject answer) =>
        [.. answer["hits"]!.AsArray().Select(hit => new Found((string)hit!["id"]!, (float)hit["score"]!, (float)hit["coarse"]!["score"]!))];

    private sealed record Found(string Id, float Score, float Coarse);
}
