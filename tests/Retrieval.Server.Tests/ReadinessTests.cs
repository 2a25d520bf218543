using Microsoft.Extensions.Logging;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Local.Repair;

namespace Retrieval.Server.Tests;

public sealed class ReadinessTests(ServerFixture fixture)
{
    [Fact]
    public async Task Before_anything_is_loaded_it_is_live_and_not_ready_and_then_comes_up_by_itself()
    {
        using var folder = new TemporaryFolder();
        var index = folder["index"];
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index));

        Assert.Equal(200, (int)(await server.Client.AskAsync("/health/live")).StatusCode);
        foreach (var ask in new Func<Task<HttpResponseMessage>>[]
        {
            () => server.Client.AskAsync("/health/ready"),
            () => server.Client.AskAsync("/v1/model"),
            () => server.Client.AskAsync("/v1/images/plain.jpg"),
            async () => (await server.Client.PostAsync("/v1/search/images", """{ "caption": "w4" }""")).Response,
            async () => (await server.Client.PostAsync("/v1/search/captions", """{ "imageId": "plain.jpg" }""")).Response,
            async () => (await server.Client.PostAsync("/v1/search/batch", """{ "queries": [ { "caption": "w4" } ] }""")).Response,
            async () => (await server.Client.PostAsync("/v1/score", """{ "pairs": [ { "imageId": "plain.jpg", "caption": "w4" } ] }""")).Response,
        })
        {
            using var response = await ask();
            var problem = await response.ProblemAsync(503);
            Assert.Equal("1", Assert.Single(response.Headers.GetValues("Retry-After")));
            Assert.NotEmpty(problem["reasons"]!.AsArray());
        }

        await Corpus.IngestAsync(Repository.Bundle, index, 4);
        await server.ReadyAsync();
        await Eventually.TrueAsync(async () => await ImagesAsync(server) == 4, "the images are served");
        Assert.Equal(4, (await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["hits"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("text_encoder.onnx")]
    [InlineData("scorer_text_to_image.onnx")]
    [InlineData("vocabulary.json")]
    [Trait("Promise", "10")]
    public async Task An_edited_bundle_is_refused_by_the_name_of_the_file(string file)
    {
        using var folder = new TemporaryFolder();
        var bundle = folder.Copy(Repository.Bundle, "bundle");
        var bytes = await File.ReadAllBytesAsync(Path.Combine(bundle, file), TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(Path.Combine(bundle, file), bytes, TestContext.Current.CancellationToken);
        await using var server = await RunningServer.StartAsync(RunningServer.Options(bundle, fixture.Index));

        var reason = await FailedReasonAsync(server);
        Assert.StartsWith($"the bundle: {file} is not the file that was exported", reason, StringComparison.Ordinal);
        Assert.Equal(200, (int)(await server.Client.AskAsync("/health/live")).StatusCode);
        Assert.Single(server.Log.Of(1101));
    }

    [Fact]
    public async Task A_missing_file_is_named_without_where_it_should_lie()
    {
        using var folder = new TemporaryFolder();
        var bundle = folder.Copy(Repository.Bundle, "bundle");
        File.Delete(Path.Combine(bundle, "image_encoder.onnx"));
        await using var server = await RunningServer.StartAsync(RunningServer.Options(bundle, fixture.Index));

        var reason = await FailedReasonAsync(server);
        Assert.Contains("image_encoder.onnx cannot be read", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Path, reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Promise", "14")]
    public async Task An_index_of_another_bundle_is_refused()
    {
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.OtherBundle, fixture.Index));

        var reason = await FailedReasonAsync(server);
        Assert.StartsWith("the index: its bundle fingerprint is ", reason, StringComparison.Ordinal);
        Assert.Contains("An index serves only the bundle it was built with", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_that_grows_is_seen_without_a_restart()
    {
        using var folder = new TemporaryFolder();
        var index = folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, 4);
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index));
        await server.ReadyAsync();
        Assert.Equal(4, await ImagesAsync(server));

        await Corpus.GrowAsync(Repository.Bundle, index, 9);

        await Eventually.TrueAsync(async () => await ImagesAsync(server) == 9, "the new images are served");
        Assert.Equal(9, (await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["hits"]!.AsArray().Count);
        await Eventually.TrueAsync(() => server.Log.Of(1102).Any(), "the change is logged");
    }

    [Fact]
    public async Task A_generation_that_cannot_be_opened_leaves_the_one_before_in_service()
    {
        using var folder = new TemporaryFolder();
        var index = folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, 4);
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index));
        await server.ReadyAsync();

        // Replaced by an index of another bundle, and with more generations, so that it is taken for a newer one.
        var other = folder["other"];
        await Corpus.IngestAsync(Repository.OtherBundle, other, 4);
        await Corpus.GrowAsync(Repository.OtherBundle, other, 5);
        File.Copy(Path.Combine(other, "manifest.json"), Path.Combine(index, "manifest.json.new"));
        File.Move(Path.Combine(index, "manifest.json.new"), Path.Combine(index, "manifest.json"), overwrite: true);

        await Eventually.TrueAsync(() => server.Log.Of(1104).Count() >= 3, "it was tried again");
        Assert.Single(server.Log.Of(1103));
        Assert.Equal(4, await ImagesAsync(server));
        Assert.Equal(200, (int)(await server.Client.AskAsync("/health/ready")).StatusCode);
    }

    [Theory]
    [InlineData("manifest.json", false)]
    [InlineData("manifest.copy.json", false)]
    [InlineData("manifest.json", true)]
    public async Task A_damaged_file_of_the_manifest_is_said_while_the_whole_index_is_served_and_mended_by_the_next_write(string file, bool whileServing)
    {
        using var folder = new TemporaryFolder();
        var index = folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, 4);
        await Corpus.GrowAsync(Repository.Bundle, index, 9);
        if (!whileServing)
        {
            Cut(Path.Combine(index, file));
        }

        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index));
        await server.ReadyAsync();
        if (whileServing)
        {
            Cut(Path.Combine(index, file));
        }

        await Eventually.TrueAsync(() => server.Log.Of(1105).Any(), "it is logged");
        Assert.Equal(LogLevel.Warning, Assert.Single(server.Log.Of(1105)).Level);
        Assert.Equal(9, await ImagesAsync(server));
        Assert.True(await ManifestDamagedAsync(server));
        var ready = await (await server.Client.AskAsync("/health/ready")).JsonAsync();
        Assert.Contains(file, (string)ready["note"]!, StringComparison.Ordinal);
        Assert.Contains("retrieval index repair", (string)ready["note"]!, StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Path, (string)ready["note"]!, StringComparison.Ordinal);

        await (await server.Client.PutAsync("/v1/images/new", Image.Body(40, "w9").ToJsonString())).BodyAsync(201);
        await Eventually.TrueAsync(async () => (await (await server.Client.AskAsync("/health/ready")).JsonAsync())["note"] is null, "there is nothing to say any more");
        Assert.Equal(10, await ImagesAsync(server));
        Assert.False(await ManifestDamagedAsync(server));
        Assert.Single(server.Log.Of(1105));
    }

    [Fact]
    public async Task A_server_whose_index_has_lost_its_manifest_is_not_ready_says_what_to_do_and_comes_up_after_the_repair()
    {
        using var folder = new TemporaryFolder();
        var index = folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, 9);
        Cut(Path.Combine(index, "manifest.json"));
        File.Delete(Path.Combine(index, "manifest.copy.json"));
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index));

        var reason = await FailedReasonAsync(server);
        Assert.StartsWith("the index, manifest.json: ", reason, StringComparison.Ordinal);
        Assert.Contains("'retrieval index repair'", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Path, reason, StringComparison.Ordinal);
        await (await server.Client.PutAsync("/v1/images/new", Image.Body(40, "w9").ToJsonString())).ProblemAsync(503);

        Assert.True(LocalIndexRepair.Run(index, cancellation: TestContext.Current.CancellationToken).Ok);
        await server.ReadyAsync();
        Assert.Equal(9, await ImagesAsync(server));
    }

    [Fact]
    public async Task With_the_manifest_lost_while_it_is_served_writes_are_refused_and_searches_go_on()
    {
        using var folder = new TemporaryFolder();
        var index = folder["index"];
        await Corpus.IngestAsync(Repository.Bundle, index, 9);
        await using var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index));
        await server.ReadyAsync();
        File.Delete(Path.Combine(index, "manifest.json"));
        File.Delete(Path.Combine(index, "manifest.copy.json"));

        foreach (var write in new Func<Task<HttpResponseMessage>>[]
        {
            () => server.Client.PutAsync("/v1/images/new", Image.Body(40, "w9").ToJsonString()),
            () => server.Client.RemoveAsync("/v1/images/plain.jpg"),
        })
        {
            var problem = await (await write()).ProblemAsync(503);
            Assert.Contains("retrieval index repair", (string)problem["detail"]!, StringComparison.Ordinal);
        }

        await Eventually.TrueAsync(async () => ((string?)(await (await server.Client.AskAsync("/health/ready")).JsonAsync())["note"])?.Contains("index repair", StringComparison.Ordinal) == true, "it is said");
        Assert.Equal(9, await ImagesAsync(server));
        Assert.Equal(9, (await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }"""))["hits"]!.AsArray().Count);

        Assert.True(LocalIndexRepair.Run(index, cancellation: TestContext.Current.CancellationToken).Ok);
        await (await server.Client.PutAsync("/v1/images/new", Image.Body(40, "w9").ToJsonString())).BodyAsync(201);
        Assert.Equal(10, await ImagesAsync(server));
    }

    private static void Cut(string file)
    {
        using var stream = File.OpenWrite(file);
        stream.SetLength(stream.Length / 2);
    }

    private static async Task<bool> ManifestDamagedAsync(RunningServer server) =>
        (bool)(await (await server.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["manifestDamaged"]!;

    private static async Task<int> ImagesAsync(RunningServer server) =>
        (int)(await (await server.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["images"]!;

    private static async Task<string> FailedReasonAsync(RunningServer server)
    {
        await Eventually.TrueAsync(() => server.Log.Of(1101).Any(), "the load has failed");
        var problem = await (await server.Client.AskAsync("/health/ready")).ProblemAsync(503);
        return (string)problem["reasons"]!.AsArray().Single()!;
    }
}
