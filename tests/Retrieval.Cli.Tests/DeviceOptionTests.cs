namespace Retrieval.Cli.Tests;

/// <summary><c>--provider</c> and <c>--provider-library</c> of every command that runs graphs.</summary>
[Trait("Promise", "11")]
public sealed class DeviceOptionTests
{
    private const string Cpu = "CPUExecutionProvider";

    [Fact]
    public async Task A_provider_that_is_none_is_refused_and_help_lists_both_options()
    {
        using var folder = new TemporaryFolder();
        foreach (var command in Commands(folder))
        {
            (await CommandLineProcess.RunAsync([.. command, "--provider", "1"])).Refused("--provider is '1'", "auto, cpu or cuda");
            var help = (await CommandLineProcess.RunAsync([.. command, "--help"])).Succeeded().Output;

            Assert.Contains("--provider <auto|cpu|cuda>", help, StringComparison.Ordinal);
            Assert.Contains("--provider-library <FILE>", help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Cuda_without_its_library_is_an_error_of_every_command_and_never_the_cpu_instead()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 8);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test")).Succeeded();
        foreach (var command in Commands(folder))
        {
            var outcome = await CommandLineProcess.RunAsync([.. command, "--provider", "cuda", "--provider-library", folder["nothing.so"], "--json"]);

            Assert.Equal((1, ""), (outcome.Code, outcome.Output));
            Assert.Contains(folder["nothing.so"], outcome.Errors, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(folder["other"]));
        Assert.False(Directory.Exists(folder["kept"]));
    }

    [Fact]
    public async Task Every_command_says_where_it_computed_and_why()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 8);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", "--provider", "cpu")).Succeeded();
        string[][] commands =
        [
            ["bundle", "verify", Fixture.Bundle()],
            ["search", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--caption", "w5"],
            ["evaluate", "--bundle", Fixture.Bundle(), "--source", folder.Path, "--split", "test", "--shortlist", "2"],
            ["bench", "start", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--repetitions", "1"],
            ["bench", "ingest", "--bundle", Fixture.Bundle(), "--images", "8", "--captions-per-image", "1", "--words", "4"],
        ];
        foreach (var command in commands)
        {
            var told = (await CommandLineProcess.RunAsync([.. command, "--provider", "cpu", "--json"])).Json().GetProperty("device");
            var chosen = (await CommandLineProcess.RunAsync([.. command, "--provider-library", folder["nothing.so"]])).Succeeded().Output;

            Assert.Equal((Cpu, "CPU: the configuration says so"), (told.GetProperty("provider").GetString(), told.GetProperty("reason").GetString()));
            Assert.Contains("there is no CUDA provider at", chosen, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_kept_index_of_random_records_is_whole_and_can_be_searched()
    {
        using var folder = new TemporaryFolder();
        const int images = 600; // more than are encoded, and not a multiple of them
        var report = (await CommandLineProcess.RunAsync(
            "bench", "ingest", "--bundle", Fixture.Bundle(), "--images", $"{images}", "--captions-per-image", "2", "--words", "5", "--keep", folder["index"], "--json")).Json();
        var run = Assert.Single(report.GetProperty("runs").EnumerateArray());

        Assert.Equal(images, run.GetProperty("images").GetInt32());
        Assert.Equal(Directory.EnumerateFiles(folder["index"], "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length), run.GetProperty("indexBytes").GetInt64());
        (await CommandLineProcess.RunAsync("index", "verify", "--index", folder["index"])).Succeeded();
        var hits = (await CommandLineProcess.RunAsync("search", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--caption", "w5 w6", "--shortlist", "100", "--top", "20", "--json"))
            .Json().GetProperty("hits").EnumerateArray().ToList();

        // Embeddings are all different: a shortlist of a large index that is full of ties would be another search.
        Assert.Equal(20, hits.Select(hit => hit.GetProperty("coarse").GetProperty("score").GetDouble()).Distinct().Count());
        Assert.Equal(20, hits.Select(hit => hit.GetProperty("id").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task A_kept_index_is_made_where_nothing_is_and_of_one_size()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["mine"], "", TestContext.Current.CancellationToken);
        string[] bench = ["bench", "ingest", "--bundle", Fixture.Bundle()];

        (await CommandLineProcess.RunAsync([.. bench, "--images", "5", "--keep", folder.Path])).Refused("--keep", "is not empty");
        (await CommandLineProcess.RunAsync([.. bench, "--images", "5,6", "--keep", folder["index"]])).Refused("one number");
        (await CommandLineProcess.RunAsync([.. bench, "--keep", folder["index"]])).Refused("one number");
        (await CommandLineProcess.RunAsync([.. bench, "--images", "5", "--keep", folder["index"], "--postgres", "Host=x"])).Refused("--postgres");
    }

    [Fact]
    public async Task Without_captions_the_kept_index_has_images_only()
    {
        using var folder = new TemporaryFolder();
        (await CommandLineProcess.RunAsync("bench", "ingest", "--bundle", Fixture.Bundle(), "--images", "7", "--captions-per-image", "0", "--keep", folder["index"])).Succeeded();
        var status = (await CommandLineProcess.RunAsync("index", "status", "--index", folder["index"], "--json")).Json();

        Assert.Equal((7, 0), (status.GetProperty("images").GetProperty("count").GetInt32(), status.GetProperty("captions").GetProperty("count").GetInt32()));
    }

    private static string[][] Commands(TemporaryFolder folder) =>
    [
        ["bundle", "verify", Fixture.Bundle()],
        ["search", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--caption", "w5"],
        ["evaluate", "--bundle", Fixture.Bundle(), "--source", folder.Path, "--split", "test"],
        ["ingest", "--bundle", Fixture.Bundle(), "--index", folder["other"], "--source", folder.Path, "--split", "test"],
        ["bench", "rerank", "--bundle", Fixture.Bundle()],
        ["bench", "start", "--bundle", Fixture.Bundle(), "--index", folder["index"]],
        ["bench", "ingest", "--bundle", Fixture.Bundle(), "--images", "8"],
        ["bench", "ingest", "--bundle", Fixture.Bundle(), "--images", "8", "--keep", folder["kept"]],
    ];
}
