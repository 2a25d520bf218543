using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Server.Tests.Answers;

/// <summary>Stored texts, and where they end, with a bit flipped: whoever is asked for it, no answer breaks off and none is a 500.</summary>
public sealed class DamagedTextsTests : IDisposable
{
    private const int Images = 10;
    private const int LoadFailed = 1101;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files { get; } =
    [
        "images/id.utf8", "images/id.end.i64", "images/metadata.json", "images/metadata.end.i64", "images/boxes.f32", "images/boxes.end.i64",
        "images/captions.end.i64", "captions/image.i64", "captions/text.utf8", "captions/text.end.i64",
    ];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_hit_whose_metadata_are_damaged_is_left_out_and_the_next_moves_up()
    {
        var (whole, damaged) = await FlippedMetadataAsync("plain.jpg");

        var hits = damaged["hits"]!.AsArray().Select(hit => (string)hit!["id"]!).ToList();
        var before = whole["hits"]!.AsArray().Select(hit => (string)hit!["id"]!).Where(id => id != "plain.jpg").ToList();
        Assert.Equal(before, hits[..before.Count]);
        Assert.Equal(5, hits.Count);
        Assert.Equal(Enumerable.Range(1, 5), damaged["hits"]!.AsArray().Select(hit => (int)hit!["rank"]!));
        Assert.Equal("damaged", (string)damaged["degraded"]!);
        Assert.Null(whole["degraded"]);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_flipped_bit_makes_no_answer_a_500_and_cuts_none_off(string file)
    {
        var index = _folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, Images);
        var path = Directory.GetFiles(index, Path.GetFileName(file), SearchOption.AllDirectories).Single(found => found.EndsWith(file, StringComparison.Ordinal));
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var random = new Random(bytes.Length);
        var places = new HashSet<(int Byte, int Bit)>();
        while (places.Count < Math.Min(6, bytes.Length * 8))
        {
            places.Add((random.Next(bytes.Length), random.Next(8)));
        }

        // A low bit, which stays within the file, and a high one, which does not.
        places.Add((0, 1));
        places.Add((Math.Min(7, bytes.Length - 1), 6));
        foreach (var (place, bit) in places)
        {
            var flipped = (byte[])bytes.Clone();
            flipped[place] ^= (byte)(1 << bit);
            await File.WriteAllBytesAsync(path, flipped, TestContext.Current.CancellationToken);
            await using var server = await RunningServer.StartAsync(Options(index));
            await Eventually.TrueAsync(async () => server.Log.Of(LoadFailed).Any() || (await server.Client.AskAsync("/health/ready")).IsSuccessStatusCode, "it is loaded or refused");
            await AskAllAsync(server, $"{file}, byte {place}, bit {bit}");
        }
    }

    // Without the check at rest, which would find the same by checksum at its own time and turn readiness red.
    private static Configuration.ServerOptions Options(string index)
    {
        var options = RunningServer.Options(Repository.Bundle, index);
        return options with { Snapshot = options.Snapshot with { ScrubBytesPerSecond = 0 } };
    }

    private static async Task AskAllAsync(RunningServer server, string what)
    {
        var client = server.Client;
        for (var row = 0; row < Images; row++)
        {
            await SoundAsync(await client.AskAsync($"/v1/images/{Uri.EscapeDataString(Corpus.IdOf(row))}"), what);
            await PostAsync(client, "/v1/search/captions", new JsonObject { ["imageId"] = Corpus.IdOf(row), ["top"] = 100 }, what);
            await PostAsync(client, "/v1/score", new JsonObject { ["pairs"] = new JsonArray(new JsonObject { ["imageId"] = Corpus.IdOf(row), ["captionId"] = $"{Corpus.IdOf(row)}#1" }) }, what);
        }

        JsonObject Search() => new() { ["caption"] = "w4 w5", ["top"] = 100 };
        JsonObject Filtered() => new() { ["caption"] = "w4 w5", ["top"] = 100, ["filter"] = new JsonObject { ["split"] = "test" } };
        await PostAsync(client, "/v1/search/images", Search(), what);
        await PostAsync(client, "/v1/search/images", Filtered(), what);
        await PostAsync(client, "/v1/search/captions", new JsonObject { ["imageId"] = Corpus.IdOf(2), ["filter"] = new JsonObject { ["split"] = "train" } }, what);
        await PostAsync(client, "/v1/search/batch", new JsonObject { ["queries"] = new JsonArray(Search(), Filtered(), new JsonObject { ["imageId"] = Corpus.IdOf(1), ["top"] = 100 }) }, what);
    }

    private static async Task PostAsync(HttpClient client, string path, JsonObject body, string what)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        await SoundAsync(await client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken), what);
    }

    // The whole body, as JSON; nothing but 200, 404 and 503, inside of batches, too.
    private static async Task SoundAsync(HttpResponseMessage response, string what)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.ServiceUnavailable, $"{what}: {response.RequestMessage!.RequestUri}: {(int)response.StatusCode} {text}");
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.TryGetProperty("answers", out var answers))
            {
                Assert.All(answers.EnumerateArray(), answer => Assert.True(!answer.TryGetProperty("status", out var status) || status.GetInt32() is 404 or 503, $"{what}: {text}"));
            }
        }
    }

    private async Task<(JsonObject Whole, JsonObject Damaged)> FlippedMetadataAsync(string id)
    {
        var index = _folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, Images);
        const string ask = """{ "caption": "w4 w5", "top": 5 }""";
        JsonObject whole;
        await using (var server = await (await RunningServer.StartAsync(Options(index))).ReadyAsync())
        {
            whole = await server.Client.AnswerAsync("/v1/search/images", ask);
        }

        // The best hit's, so that there is one to move up.
        using (var opened = LocalIndex.Open(index))
        {
            Assert.True(opened.TryGetImageSlot(id, out var slot) && slot == 0);
        }

        var path = Directory.GetFiles(index, "metadata.json", SearchOption.AllDirectories).Single();
        await using (var file = File.OpenWrite(path))
        {
            file.WriteByte((byte)'[');
        }

        await using var after = await (await RunningServer.StartAsync(Options(index))).ReadyAsync();
        var damaged = await after.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4 w5", "top": 5, "shortlist": 10 }""");
        await (await after.Client.AskAsync($"/v1/images/{id}")).ProblemAsync(503);
        var filtered = await after.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4", "filter": { "split": "test" } }""");
        Assert.Equal("damaged", (string)filtered["degraded"]!);
        Assert.DoesNotContain(filtered["hits"]!.AsArray(), hit => (string)hit!["id"]! == id);
        return (whole, damaged);
    }
}
