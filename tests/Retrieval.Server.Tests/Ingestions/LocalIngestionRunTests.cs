using System.Text.Json.Nodes;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Ingestions;

/// <summary>Ingestions over HTTP into the local index.</summary>
public sealed class LocalIngestionRunTests : IAsyncLifetime
{
    // Features of a region that the bundle takes.
    private const int Width = 64;

    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        await Corpus.IngestAsync(Repository.Bundle, _folder["index"], 4);
        _server = await (await RunningServer.StartAsync(Options())).ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_source_is_ingested_and_found_and_its_rejects_are_listed()
    {
        SplitFiles.Write(_folder["roots/flickr"], 40, fault: 13);

        var path = await _server.BeginAsync(SplitFiles.Order("flickr", """, "batchRows": 8"""));
        var run = await _server.EndedAsync(path, "completed");

        Assert.Equal((40, 40, 40, 0, 0, 3), ((int)run["nextRow"]!, (int)run["totalRows"]!, (int)run["stored"]!, (int)run["replaced"]!, (int)run["skipped"]!, (int)run["rejected"]!));
        Assert.Equal([12, 25, 38], run["firstRejects"]!.AsArray().Select(reject => (int)reject!["row"]!));
        Assert.Equal("flickr#made", (string)run["source"]!);
        Assert.Equal(3, run["reasons"]!.AsArray().Sum(reason => (int)reason!["count"]!));
        Assert.Equal(12, (int)run["reasons"]![0]!["first"]!["row"]!);
        Assert.NotEmpty(run["recognised"]!.AsArray());
        Assert.Null(run["index"]);
        await Eventually.TrueAsync(async () => (int)(await (await _server.Client.AskAsync("/v1/model")).JsonAsync())["index"]!["images"]! == 44, "it is served");
        Assert.Equal(40, await _server.MetricAsync("retrieval_ingestion_rows_total{outcome=\"stored\"}"));
        Assert.Equal(1, await _server.MetricAsync("retrieval_ingestion_runs_total{state=\"completed\"}"));
        Assert.Equal(0, await _server.MetricAsync("retrieval_ingestion_running"));

        // Once more there is nothing to do; from the beginning there is nothing new.
        run = await _server.EndedAsync(await _server.BeginAsync(SplitFiles.Order("flickr")), "completed");
        Assert.Equal((40, 0, 0), ((int)run["firstRow"]!, (int)run["stored"]!, (int)run["skipped"]!));
        run = await _server.EndedAsync(await _server.BeginAsync(SplitFiles.Order("flickr", """, "restart": true""")), "completed");
        Assert.Equal((0, 0, 40), ((int)run["firstRow"]!, (int)run["stored"]!, (int)run["skipped"]!));
        var all = (await (await _server.Client.AskAsync("/v1/ingestions")).JsonAsync())["ingestions"]!.AsArray();
        Assert.Equal(3, all.Count);
        Assert.Equal(path, $"/v1/ingestions/{all[2]!["id"]}");
        Assert.All(all, listed => Assert.Empty(listed!["recognised"]!.AsArray()));
    }

    [Fact]
    public async Task A_source_of_which_every_row_is_refused_fails_with_the_first_reason()
    {
        Directory.CreateDirectory(_folder["roots/garbage"]);
        await File.WriteAllTextAsync(_folder["roots/garbage/features.tsv"], "a\t1\t1\t1\t\t\nb\t1\t1\t1\t\t\nc\t1\t1\t1\t\t\n", TestContext.Current.CancellationToken);

        var run = await _server.EndedAsync(await _server.BeginAsync("""{ "source": { "tsv": "garbage/features.tsv" } }"""), "failed");

        Assert.Equal((0, 3, 0), ((int)run["stored"]!, (int)run["rejected"]!, (int)run["uncommitted"]!));
        Assert.Contains("every row of it was refused (3 rejects)", (string)run["message"]!, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder["roots"], (string)run["message"]!, StringComparison.Ordinal);
        Assert.Equal(3, run["firstRejects"]!.AsArray().Count);
    }

    [Fact]
    public async Task Another_run_is_a_409_while_one_is_at_work_and_a_cancelled_one_is_gone_on_with()
    {
        SplitFiles.Write(_folder["roots/large"], 400);
        var path = await _server.BeginAsync(SplitFiles.Order("large", """, "batchRows": 1"""));
        var (other, _) = await _server.Client.PostAsync("/v1/ingestions", SplitFiles.Order("large"));
        await other.ProblemAsync(409);
        await Eventually.TrueAsync(async () => (int)(await _server.RunAsync(path))["uncommitted"]! >= 3, "it gets on");

        var asked = await (await _server.Client.RemoveAsync(path)).JsonAsync();
        Assert.True((bool)asked["cancelRequested"]! || (string)asked["state"]! == "cancelled");
        var run = await _server.EndedAsync(path, "cancelled");

        var next = (int)run["nextRow"]!;
        Assert.InRange(next, 3, 399);
        Assert.Contains($"resumes at row {next}", (string)run["message"]!, StringComparison.Ordinal);
        Assert.Equal("cancelled", (string)(await (await _server.Client.RemoveAsync(path)).BodyAsync(200))["state"]!);
        var resumed = await _server.EndedAsync(await _server.BeginAsync(SplitFiles.Order("large")), "completed");
        Assert.Equal((next, 400 - next), ((int)resumed["firstRow"]!, (int)resumed["stored"]!));
    }

    [Fact]
    [Trait("Promise", "12")]
    public async Task A_server_that_stops_ends_its_run_behind_a_commit()
    {
        SplitFiles.Write(_folder["roots/large"], 400);
        await Corpus.IngestAsync(Repository.Bundle, _folder["other"], 4);
        await using var server = await (await RunningServer.StartAsync(Options("other"))).ReadyAsync();
        var path = await server.BeginAsync(SplitFiles.Order("large", """, "batchRows": 1"""));
        await Eventually.TrueAsync(async () => (int)(await server.RunAsync(path))["uncommitted"]! >= 3, "it gets on");

        await server.App.StopAsync(TestContext.Current.CancellationToken);

        using var index = Storage.Local.Reading.LocalIndex.Open(_folder["other"]);
        var entry = Assert.Single(index.Ledger, entry => entry.SourceKey.EndsWith("large#made", StringComparison.Ordinal));
        Assert.InRange(entry.NextRow, 3, 399);
        Assert.Equal(4 + entry.NextRow, index.Images.Count);
    }

    [Fact]
    public async Task Without_roots_nothing_can_be_ingested()
    {
        await using var server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, _folder["index"]))).ReadyAsync();

        var (refused, _) = await server.Client.PostAsync("/v1/ingestions", SplitFiles.Order("flickr"));

        Assert.Contains("Ingestion:Roots", (string)(await refused.ProblemAsync(403))["detail"]!, StringComparison.Ordinal);
        Assert.Empty((await (await server.Client.AskAsync("/v1/ingestions")).JsonAsync())["ingestions"]!.AsArray());
        await (await server.Client.AskAsync("/v1/ingestions/nobody")).ProblemAsync(404);
        await (await server.Client.RemoveAsync($"/v1/ingestions/{Guid.NewGuid()}")).ProblemAsync(404);
    }

    [Theory]
    [InlineData("""{ }""", "source")]
    [InlineData("""{ "source": { } }""", "source")]
    [InlineData("""{ "source": { "folder": "a" } }""", "source.split")]
    [InlineData("""{ "source": { "folder": "a", "split": "b", "tsv": "c" } }""", "source")]
    [InlineData("""{ "source": { "folder": "a", "split": "b", "captions": "c" } }""", "source")]
    [InlineData("""{ "source": { "folder": "nothing", "split": "b" } }""", "source.folder")]
    [InlineData("""{ "source": { "tsv": "nothing.tsv" } }""", "source.tsv")]
    [InlineData("""{ "source": { "tsv": "a", "arrays": "b" } }""", "source")]
    [InlineData("""{ "source": { "hdf5": "a", "columns": "b" } }""", "source")]
    [InlineData("""{ "source": { "tsv": "a", "datasets": "b" } }""", "source")]
    [InlineData("""{ "source": { "arrays": "nothing" } }""", "source.arrays")]
    [InlineData("""{ "source": { "arrays": "empty" } }""", "source.arrays")]
    [InlineData("""{ "source": { "hdf5": "nothing.h5" } }""", "source.hdf5")]
    [InlineData("""{ "source": { "hdf5": "empty", "metadata": "nothing.jsonl" } }""", "source.metadata")]
    [InlineData("""{ "source": { "hdf5": "empty" } }""", "source")]
    [InlineData("""{ "source": { "folder": "empty", "split": "b" } }""", "source")]
    [InlineData("""{ "source": { "folder": "empty", "split": "../b" } }""", "source.split")]
    [InlineData("""{ "source": { "folder": "empty", "split": "b" }, "batchRows": 0 }""", "batchRows")]
    [InlineData("""{ "source": { "folder": "empty", "split": "b" }, "replace": "yes" }""", "replace")]
    [InlineData("""{ "source": { "folder": "empty", "split": "b" }, "parts": 2 }""", "parts")]
    public async Task Orders_that_cannot_be_followed_are_refused_by_name(string order, string field)
    {
        Directory.CreateDirectory(_folder["roots/empty"]);

        var (refused, _) = await _server.Client.PostAsync("/v1/ingestions", order);

        await refused.ProblemAsync(400, field);
    }

    [Fact]
    public async Task A_tsv_file_is_ingested_with_its_captions()
    {
        Directory.CreateDirectory(_folder["roots/tsv"]);
        var lines = Enumerable.Range(0, 5).Select(row => string.Join('\t', $"tsv-{row}", "640", "480", "36", Convert.ToBase64String(new byte[36 * 4 * sizeof(float)]), Image.Raw(row)));
        await File.WriteAllLinesAsync(_folder["roots/tsv/features.tsv"], lines, TestContext.Current.CancellationToken);
        var captions = new JsonObject(Enumerable.Range(0, 5).Select(row => KeyValuePair.Create<string, JsonNode?>($"tsv-{row}", new JsonArray(Corpus.CaptionOf(row, 0)))));
        await File.WriteAllTextAsync(_folder["roots/tsv/captions.json"], captions.ToJsonString(), TestContext.Current.CancellationToken);

        var run = await _server.EndedAsync(await _server.BeginAsync("""{ "source": { "tsv": "tsv/features.tsv", "captions": "tsv/captions.json" } }"""), "completed");

        Assert.Equal((5, 5), ((int)run["stored"]!, (int)run["captions"]!));
    }

    [Fact]
    public async Task A_folder_of_arrays_is_ingested_and_says_what_it_is_and_what_was_refused()
    {
        var features = new float[36 * Width];
        foreach (var row in Enumerable.Range(0, 3))
        {
            Directory.CreateDirectory(_folder["roots/arrays"]);
            _folder.WriteNpy($"roots/arrays/array-{row}.npy", [.. features.Select((_, i) => (float)(i + row))], 36, Width);
        }

        _folder.WriteNpy("roots/arrays/bad-0.npy", new float[35 * Width], 35, Width);
        _folder.WriteNpy("roots/arrays/bad-1.npy", new float[34 * Width], 34, Width);

        var run = await _server.EndedAsync(await _server.BeginAsync("""{ "source": { "arrays": "arrays" } }"""), "completed");

        Assert.Equal((3, 2), ((int)run["stored"]!, (int)run["rejected"]!));
        Assert.Equal(["arrays: a folder of 5 .npz or .npy files, one an image"], run["recognised"]!.AsArray().Select(note => (string)note!));
        var reason = Assert.Single(run["reasons"]!.AsArray());
        Assert.Equal((2, "bad-0.npy", "35 regions, expected 36"), ((int)reason!["count"]!, (string)reason["first"]!["source"]!, (string)reason["first"]!["reason"]!));
    }

    [Fact]
    public async Task An_array_that_is_a_link_out_of_the_roots_is_a_403()
    {
        Directory.CreateDirectory(_folder["roots/links"]);
        _folder.WriteNpy("outside.npy", new float[36 * Width], 36, Width);
        File.CreateSymbolicLink(_folder["roots/links/a.npy"], _folder["outside.npy"]);

        var (refused, _) = await _server.Client.PostAsync("/v1/ingestions", """{ "source": { "arrays": "links" } }""");

        Assert.Equal("source.arrays: a.npy: a link leads out of the configured roots", (string)(await refused.ProblemAsync(403))["detail"]!);
    }

    [Fact]
    public async Task An_hdf5_file_is_ingested_by_the_datasets_that_are_named()
    {
        Directory.CreateDirectory(_folder["roots/hdf5"]);
        var features = new float[3, 36, Width];
        (features[0, 0, 0], features[1, 0, 0], features[2, 0, 0]) = (3, 1, 2);
        new PureHDF.H5File { ["regions"] = features, ["names"] = new[] { "h-0", "h-1", "h-2" } }.Write(_folder["roots/hdf5/a.h5"]);

        var (refused, _) = await _server.Client.PostAsync("/v1/ingestions", """{ "source": { "hdf5": "hdf5/a.h5" } }""");
        Assert.Contains("a.h5: no features, expected a dataset named features", (string)(await refused.ProblemAsync(400, "source"))["detail"]!, StringComparison.Ordinal);
        _folder.Write("roots/hdf5/a.jsonl", """{"id": "h-0", "metadata": {"year": 2024, "public": true}}""");
        var run = await _server.EndedAsync(await _server.BeginAsync("""{ "source": { "hdf5": "hdf5/a.h5", "datasets": "features=regions,ids=names", "metadata": "hdf5/a.jsonl" } }"""), "completed");

        Assert.Equal((3, 0), ((int)run["stored"]!, (int)run["rejected"]!));
        Assert.Equal(["a.h5: HDF5, 3 images; features 'regions' (3, 36, 64) of 32 bits, ids 'names'", "a.jsonl: metadata by id; 1 image"], run["recognised"]!.AsArray().Select(note => (string)note!));
        JsonNode? metadata = null;
        await Eventually.TrueAsync(async () => (metadata = (await (await _server.Client.AskAsync("/v1/images/h-0")).JsonAsync())["metadata"]) is not null, "the image is served");
        Assert.Equal((2024, true), ((int)metadata!["year"]!, (bool)metadata["public"]!));
    }

    [Fact]
    public async Task A_run_without_the_metadata_of_an_earlier_one_warns_of_the_images_that_lose_them_and_the_log_does()
    {
        SplitFiles.Write(_folder["roots/flickr"], 5);
        var metadata = SplitFiles.WriteMetadata(_folder["roots/flickr"], 5);
        await _server.EndedAsync(await _server.BeginAsync(SplitFiles.Order("flickr")), "completed");

        File.Delete(metadata);
        var run = await _server.EndedAsync(await _server.BeginAsync(SplitFiles.Order("flickr")), "completed");

        var warnings = run["warnings"]!.AsArray().Select(warning => (string)warning!).ToList();
        Assert.StartsWith("'split-0000' is stored again without metadata that it had ('year')", warnings[0], StringComparison.Ordinal);
        Assert.StartsWith("5 images lost metadata by being stored again ('year')", Assert.Single(warnings.Skip(1)), StringComparison.Ordinal);
        Assert.Equal(warnings.Count, _server.Log.Of(1404).Count(logged => warnings.Exists(warning => logged.Message.Contains(warning, StringComparison.Ordinal))));
    }

    private ServerOptions Options(string index = "index")
    {
        var roots = Directory.CreateDirectory(_folder["roots"]).FullName;
        return RunningServer.Options(Repository.Bundle, _folder[index]) with { Ingestion = new ServerIngestionOptions { Roots = [roots] } };
    }
}
