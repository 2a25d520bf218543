using System.Text.Json.Nodes;
using Retrieval.Postgres.TestKit;
using Retrieval.Server.Tests.Catalogs;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Server.Tests.Damage;

/// <summary>The check of what is served against its checksums, with bytes flipped in the files of a running server.</summary>
public sealed class ScrubTests
{
    private const int Images = 24;

    [Theory]
    [InlineData("images/embedding.f32")]
    [InlineData("captions/text.utf8")]
    [InlineData("images/content.sha256")]
    public async Task A_flipped_bit_turns_readiness_red_by_file_and_range_until_it_is_put_right(string name)
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, Images);
        await using var server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index.Path))).ReadyAsync();
        await Eventually.TrueAsync(async () => await server.MetricAsync("retrieval_scrub_ended_seconds") > 0, "a whole pass has ended");
        Assert.True(await server.MetricAsync("retrieval_scrub_bytes_total") > 0);
        Assert.Equal(0, await server.MetricAsync("retrieval_scrub_faults_total") ?? 0);
        Assert.Null(await DegradedAsync(server));
        var file = index.File(name);
        var length = new FileInfo(file).Length;

        // The lowest bit of a number, or of a letter: nothing that a reader could stumble over.
        var before = DamagedIndex.Overwrite(file, 4, [Flipped(file, 4)]);

        await Eventually.TrueAsync(async () => await ReasonAsync(server) is not null, "readiness is red");
        Assert.Equal($"the index is damaged: {name}, bytes 0 to {length}: not what was committed", await ReasonAsync(server));
        Assert.Equal("damaged", await DegradedAsync(server));
        Assert.Equal(1, await server.MetricAsync("retrieval_scrub_faults_total"));
        Assert.Equal(200, (int)(await server.Client.AskAsync("/health/live")).StatusCode);
        Assert.Contains(name, Assert.Single(server.Log.Of(1135)).Message, StringComparison.Ordinal);

        DamagedIndex.Overwrite(file, 4, before);

        await server.ReadyAsync();
        await Eventually.TrueAsync(async () => await DegradedAsync(server) is null, "answers are whole again");
        Assert.Single(server.Log.Of(1136));
    }

    [Fact]
    public async Task Nothing_is_read_where_it_is_turned_off()
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, 4);
        var options = RunningServer.Options(Repository.Bundle, index.Path);
        await using var server = await (await RunningServer.StartAsync(options with { Snapshot = options.Snapshot with { ScrubBytesPerSecond = 0 } })).ReadyAsync();

        await Corpus.GrowAsync(Repository.Bundle, index.Path, 9);
        await Eventually.TrueAsync(async () => await server.MetricAsync("retrieval_index_images") == 9, "the new images are served");
        Assert.Equal(0, await server.MetricAsync("retrieval_scrub_bytes_total") ?? 0);
    }

    [Fact]
    public async Task A_new_generation_is_checked_too_and_what_is_damaged_stays_known()
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, 4);
        await using var server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index.Path))).ReadyAsync();
        DamagedIndex.Overwrite(index.File("captions/text.utf8"), 0, [(byte)'v']);
        await Eventually.TrueAsync(async () => await ReasonAsync(server) is not null, "readiness is red");

        await Corpus.GrowAsync(Repository.Bundle, index.Path, 9);
        await Eventually.TrueAsync(async () => await server.MetricAsync("retrieval_index_images") == 9, "the new images are served");
        Assert.NotNull(await ReasonAsync(server));
        Assert.Equal("damaged", await DegradedAsync(server));
        Assert.Single(server.Log.Of(1135));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_replica_whose_copy_is_damaged_fetches_a_new_one_by_itself(bool cut)
    {
        await using var catalog = await TestCatalog.CreateAsync();
        await Corpus.IngestAsync(Repository.Bundle, catalog.Catalog, "blue", Images);
        await using var server = await catalog.ServeAsync();
        var copy = CopyOf(catalog);
        var hash = ContentHash(copy);
        var right = await AnswerAsync(server);
        var file = DamagedIndex.At(copy).File("images/embedding.f32");

        if (cut)
        {
            DamagedIndex.Cut(file, 0);
        }
        else
        {
            DamagedIndex.Overwrite(file, 4, [Flipped(file, 4)]);
        }

        await Eventually.TrueAsync(() => server.Log.Of(1156).Any(), "the copy is given up");
        await Eventually.TrueAsync(() => CopyOf(catalog) != copy, "another copy is served");
        await server.ReadyAsync();
        await Eventually.TrueAsync(async () => await AnswerAsync(server) == right, "the answers are what they were");
        Assert.Equal(hash, ContentHash(CopyOf(catalog)));

        // It follows the catalog as the one before did.
        await Corpus.GrowAsync(Repository.Bundle, catalog.Catalog, "blue", Images + 3);
        await Eventually.TrueAsync(async () => await server.MetricAsync("retrieval_index_images") == Images + 3, "the new images are served");
        Assert.Single(server.Log.Of(1156));
    }

    private static byte Flipped(string file, int at)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var one = new byte[1];
        Assert.Equal(1, RandomAccess.Read(handle, one, at));
        return (byte)(one[0] ^ 1);
    }

    // The folder that serving.json names.
    private static string CopyOf(TestCatalog catalog)
    {
        var cache = catalog.Folder["replica"];
        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(cache, "serving.json")))!.AsObject();
        return Path.Combine(cache, (string)record.Single(member => member.Key.Equals("folder", StringComparison.OrdinalIgnoreCase)).Value!);
    }

    private static string ContentHash(string copy)
    {
        using var index = LocalIndex.Open(copy);
        return index.ContentHash(TestContext.Current.CancellationToken);
    }

    private static async Task<string?> ReasonAsync(RunningServer server)
    {
        using var response = await server.Client.AskAsync("/health/ready");
        return response.IsSuccessStatusCode ? null : (string)(await response.ProblemAsync(503))["reasons"]!.AsArray().Single()!;
    }

    private static async Task<string?> DegradedAsync(RunningServer server) =>
        (string?)(await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4 w5", "top": 3 }"""))["degraded"];

    private static async Task<string> AnswerAsync(RunningServer server)
    {
        var (response, body) = await server.Client.PostAsync("/v1/search/images", """{ "caption": "w4 w5", "top": 24 }""");
        response.Dispose();
        return body["hits"]?.ToJsonString() ?? "";
    }
}
