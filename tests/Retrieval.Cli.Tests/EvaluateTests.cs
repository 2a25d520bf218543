using System.Text.Json;
using Retrieval.Features.Npy;

namespace Retrieval.Cli.Tests;

public sealed class EvaluateTests
{
    [Fact]
    public async Task A_matrix_gives_exactly_the_numbers_of_the_reference_code()
    {
        using var folder = new TemporaryFolder();
        using var file = NpzFile.Open(Fixture.Of("evaluation.npz"));
        NpyWriter.Write(folder["scores.npy"], file.Read("scores").ToSingles(), 100, 500);

        var found = (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["scores.npy"], "--captions-per-image", "5", "--json")).Json();

        var expected = JsonDocument.Parse(await File.ReadAllTextAsync(Fixture.Of("evaluation.json"), TestContext.Current.CancellationToken)).RootElement;
        Assert.True(JsonElement.DeepEquals(expected, found), found.ToString());
    }

    [Fact]
    public async Task Folds_are_averaged()
    {
        using var folder = new TemporaryFolder();
        NpyWriter.Write(folder["scores.npy"], new float[] { 2, 1, 0, 0, 1, 2, 0, 0, 0, 0, 1, 2, 0, 0, 2, 1 }, 4, 4);

        var found = (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["scores.npy"], "--captions-per-image", "1", "--folds", "2", "--json")).Json();

        Assert.Equal((2, 2), (found.GetProperty("images").GetInt32(), found.GetProperty("folds").GetInt32()));
        Assert.Equal(50, found.GetProperty("image_to_text").GetProperty("r1").GetDouble());
    }

    [Fact]
    public async Task A_bundle_is_evaluated_stage_by_stage()
    {
        using var folder = new TemporaryFolder();
        var source = SampleSplit.Write(folder, 12);

        var found = (await CommandLineProcess.RunAsync(
            "evaluate", "--bundle", Fixture.Bundle(), "--source", source, "--split", "test", "--shortlist", "4,12,all", "--limit", "10", "--json")).Json();

        var rows = found.GetProperty("rows").EnumerateArray().ToList();
        Assert.Equal(["coarse", "reranked", "reranked", "full"], rows.Select(row => row.GetProperty("ranking").GetString()!));
        Assert.Equal((10, 20), (found.GetProperty("images").GetInt32(), found.GetProperty("captions").GetInt32()));

        // A shortlist of everything is the full ranking.
        var (listed, full) = (rows[2].GetProperty("textToImage"), rows[3].GetProperty("textToImage"));
        Assert.All(["r1", "r5", "r10", "medianRank", "meanRank"], name => Assert.Equal(full.GetProperty(name).GetDouble(), listed.GetProperty(name).GetDouble()));
        Assert.Equal(
            (100, 100, 0),
            (listed.GetProperty("overlapAt10").GetProperty("whole").GetDouble(), listed.GetProperty("ownInside").GetDouble(), listed.GetProperty("lossAt1").GetDouble()));
        Assert.Equal(["exact", "exact"], rows[1..3].Select(row => row.GetProperty("through").GetString()!));
        Assert.Equal(["score", "score", "score"], rows[1..].Select(row => row.GetProperty("rankBy").GetString()!));
        Assert.Equal(found.GetProperty("pairsPlanned").GetInt64(), found.GetProperty("pairsScored").GetInt64());
    }

    [Fact]
    public async Task By_default_the_usual_shortlists_and_the_bundles_own_are_evaluated_by_both_orders_and_nothing_more()
    {
        using var folder = new TemporaryFolder();
        var bundle = RankingBundle.Make(folder, "ranking", RankingBundle.Ranking("logit", 3, 12, 5, 17), scale: 8);
        SampleSplit.Write(folder, 15);

        var outcome = await CommandLineProcess.RunAsync("evaluate", "--bundle", bundle, "--source", folder.Path, "--split", "test", "--json");
        var table = (await CommandLineProcess.RunAsync("evaluate", "--bundle", bundle, "--source", folder.Path, "--split", "test", "--shortlist", "12,all")).Succeeded().Output;

        var found = outcome.Json();
        var rows = found.GetProperty("rows").EnumerateArray().Skip(1).ToList();
        Assert.Equal(new[] { 10, 12, 17, 20, 50, 100, 200 }.SelectMany(size => new[] { (size, "score"), (size, "both") }), rows.Select(row => (row.GetProperty("shortlist").GetInt32(), row.GetProperty("rankBy").GetString()!)));
        Assert.Equal(("logit", 12), (found.GetProperty("ranking").GetProperty("transform").GetString(), found.GetProperty("ranking").GetProperty("textToImage").GetProperty("shortlist").GetInt32()));
        var notes = outcome.Errors.Trim().Split('\n');
        Assert.Equal(2, notes.Length);
        Assert.StartsWith("the index for the evaluation takes about ", notes[0], StringComparison.Ordinal);
        Assert.Equal("30 of 30 captions and 15 of 15 images as queries: 900 pairs to score", notes[1]);
        Assert.All(["both stages", "12, the bundle's", "own inside", "loss of R@1", "both directions", "rsum"], part => Assert.Contains(part, table, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("many")]
    public async Task A_number_of_queries_is_a_number_or_all(string queries)
    {
        using var folder = new TemporaryFolder();
        var source = SampleSplit.Write(folder, 3);
        string[] command = ["evaluate", "--bundle", Fixture.Bundle(), "--source", source, "--split", "test", "--json", "--queries"];

        (await CommandLineProcess.RunAsync([.. command, queries])).Refused($"--queries is '{queries}'; expected a whole number from 1, or 'all'");
        var all = (await CommandLineProcess.RunAsync([.. command, "all"])).Json();
        Assert.Equal((3, JsonValueKind.Null), (all.GetProperty("queries").GetProperty("imageToText").GetInt32(), all.GetProperty("pairsOfAll").ValueKind));
    }

    [Fact]
    public async Task An_index_is_evaluated_as_it_is_stored_and_gives_what_its_source_gives()
    {
        using var folder = new TemporaryFolder();
        var source = SampleSplit.Write(folder, 15);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", source, "--split", "test")).Succeeded();
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle(), "--shortlist", "4,8,all", "--queries", "9", "--json"];

        // A folder on the command line takes precedence over a catalog in the environment, and the command says so.
        var stored = await CommandLineProcess.RunAsync(
            new Dictionary<string, string> { ["RETRIEVAL__POSTGRES__CONNECTIONSTRING"] = "Host=127.0.0.1;Port=1;Database=none" }, [.. evaluate, "--index", folder["index"]]);
        var encoded = (await CommandLineProcess.RunAsync([.. evaluate, "--source", source, "--split", "test"])).Json();

        Assert.True(JsonElement.DeepEquals(encoded.GetProperty("rows"), stored.Json().GetProperty("rows")));
        Assert.Equal((9, 9), (stored.Json().GetProperty("queries").GetProperty("textToImage").GetInt32(), stored.Json().GetProperty("queries").GetProperty("imageToText").GetInt32()));
        var notes = stored.Errors.Trim().Split('\n');
        Assert.Equal(2, notes.Length);
        Assert.All(["the local index", folder["index"], "RETRIEVAL__POSTGRES__CONNECTIONSTRING is not used", "--postgres"], part => Assert.Contains(part, notes[0], StringComparison.Ordinal));
        Assert.Equal($"9 of 30 captions and 9 of 15 images as queries: {9 * (15 + 30)} pairs to score", notes[1]);
    }

    [Fact]
    public async Task Options_that_do_not_go_together_are_named()
    {
        using var folder = new TemporaryFolder();
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle()];
        string[] source = ["--source", folder.Path, "--split", "test"];
        string[] index = ["--index", folder["index"]];
        string[] catalog = ["--postgres", "Host=127.0.0.1;Port=1;Database=none"];

        await RefusedAsync([], "--source DIR", "--index DIR", "--postgres CONNECTION");
        await RefusedAsync(source[..2], "--source and --split go together");
        await RefusedAsync(source[2..], "--split goes with --source");
        await RefusedAsync([.. index, "--split", "test"], "--split goes with --source");
        await RefusedAsync([.. index, "--captions", "captions.json"], "--captions goes with --tsv");
        await RefusedAsync(["--tsv", "x.tsv", .. index], "--tsv and --index exclude each other");
        await RefusedAsync(["--tsv", "x.tsv", .. source], "name one source");
        await RefusedAsync([.. source, .. index], "--source and --index exclude each other");
        await RefusedAsync([.. source, .. catalog], "--source and --postgres exclude each other");
        await RefusedAsync([.. source, "--name", "blue"], "--source and --name exclude each other");
        await RefusedAsync([.. index, "--name", "blue"], "--name goes with --postgres");
        await RefusedAsync([.. index, "--limit", "5"], "--limit goes with --source");
        await RefusedAsync([.. catalog, "--captions-per-image", "5"], "--captions-per-image goes with --source");
        await RefusedAsync([.. catalog, "--folds", "5"], "--folds does not go with --postgres");
        await RefusedAsync([.. index, "--folds", "0"], "--folds is '0'", "from 1");
        await RefusedAsync([.. index, "--work", folder.Path], "--work goes with a corpus that is encoded or copied");
        await RefusedAsync([.. catalog, .. index, "--work", folder.Path], "--work goes with a corpus that is encoded or copied");
        await RefusedAsync([.. index, "--bundle", Fixture.Bundle(Fixture.Compact)], "an index is of one bundle", "--source DIR");
        await RefusedAsync([.. source, "--json", "--markdown"], "--json and --markdown exclude each other");
        await RefusedAsync([.. index, "--queries", "0"], "--queries is '0'", "from 1");
        await RefusedAsync([.. index, "--queries", "many"], "--queries is 'many'");
        await RefusedAsync([.. index, "--shortlist", "10,0"], "--shortlist is '0'", "from 1");
        await RefusedAsync([.. index, "--shortlist", "10,-5"], "--shortlist is '-5'", "from 1");
        await RefusedAsync([.. index, "--shortlist", "10,"], "--shortlist is ''", "from 1");
        await RefusedAsync([.. index, "--shortlist", "10,ALL"], "--shortlist is 'ALL'; expected whole numbers from 1 and 'all', separated by commas");
        await RefusedAsync(index, "index");
        (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["scores.npy"], "--queries", "5")).Refused("--queries goes with --bundle");
        (await CommandLineProcess.RunAsync(["evaluate", "--scores", folder["scores.npy"], .. index])).Refused("--index goes with --bundle");

        async Task RefusedAsync(string[] options, params string[] parts) => (await CommandLineProcess.RunAsync([.. evaluate, .. options])).Refused(parts);
    }

    [Fact]
    public async Task An_index_of_another_bundle_or_without_captions_is_refused()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test")).Succeeded();
        (await CommandLineProcess.RunAsync("bench", "ingest", "--bundle", Fixture.Bundle(), "--images", "5", "--captions-per-image", "0", "--keep", folder["images"])).Succeeded();

        (await CommandLineProcess.RunAsync("evaluate", "--bundle", Fixture.Bundle(Fixture.Compact), "--index", folder["index"])).Refused(folder["index"], "fingerprint");
        (await CommandLineProcess.RunAsync("evaluate", "--bundle", Fixture.Bundle(), "--index", folder["images"])).Refused(folder["images"], "no captions");
    }

    [Fact]
    public async Task Captions_belong_to_images_as_the_caller_says()
    {
        using var folder = new TemporaryFolder();
        var source = SampleSplit.Write(folder, 6);
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle(), "--source", source, "--split", "test", "--shortlist", "6", "--json"];

        (await CommandLineProcess.RunAsync([.. evaluate, "--captions-per-image", "3"])).Refused("test_caps.txt", "12 captions for the 6 images", "18 with 3 captions an image");
        Assert.Equal(12, (await CommandLineProcess.RunAsync([.. evaluate, "--captions-per-image", "2"])).Json().GetProperty("captions").GetInt32());
    }

    [Fact]
    public async Task A_matrix_that_does_not_fit_is_refused()
    {
        using var folder = new TemporaryFolder();
        NpyWriter.Write(folder["scores.npy"], new float[6], 2, 3);
        NpyWriter.Write(folder["nan.npy"], new[] { 1, float.NaN }, 1, 2);
        NpyWriter.Write(folder["whole.npy"], new long[2], 1, 2);

        (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["scores.npy"], "--captions-per-image", "2")).Refused("scores.npy, shape", "(2, 3)", "images × 2");
        (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["nan.npy"], "--captions-per-image", "2")).Refused("nan.npy", "image 0 and caption 1");
        (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["whole.npy"], "--captions-per-image", "2")).Refused("whole.npy", "floating-point");
        (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["missing.npy"])).Refused("missing.npy");
        (await CommandLineProcess.RunAsync("evaluate")).Refused("--scores FILE");
    }
}
