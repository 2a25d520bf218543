using System.Text.Json;
using Retrieval.Features.Npy;
using Retrieval.Storage.Local.Reading;
using Retrieval.TestKit.Corpora;

namespace Retrieval.Cli.Tests;

/// <summary>Images of 10 to 100 regions, from the file of a detector to an answer.</summary>
public sealed class AdaptiveFeaturesTests
{
    private const int Images = 30;

    internal static string[] Ingest(TemporaryFolder folder, params string[] more) =>
        ["ingest", "--bundle", Repository.AnyRegionsBundle, "--tsv", folder["features.tsv"], "--captions", folder["captions.json"], "--batch", "8", "--json", .. more];

    internal static string[] Search(params string[] more) => ["search", "--bundle", Repository.AnyRegionsBundle, "--top", "5", "--json", .. more];

    internal static (string Id, double Score)[] Hits(Outcome outcome) =>
        [.. outcome.Json().GetProperty("hits").EnumerateArray().Select(hit => (hit.GetProperty("id").GetString()!, hit.GetProperty("score").GetDouble()))];

    [Fact]
    public async Task They_are_stored_and_found_and_other_numbers_of_regions_are_rejected_with_what_was_found_and_expected()
    {
        using var folder = new TemporaryFolder();
        AdaptiveCorpus.WriteTsv(folder, Images, 9, 101, 8);

        var report = (await CommandLineProcess.RunAsync(Ingest(folder, "--index", folder["index"]))).Json();

        Assert.Equal((Images, 3), (report.GetProperty("ingested").GetInt32(), report.GetProperty("rejected").GetInt32()));
        string[] reasons = [.. report.GetProperty("rejects").EnumerateArray().Select(reject => reject.GetProperty("reason").GetString()!)];
        Assert.All(reasons.Zip([9, 101, 8]), pair => Assert.EndsWith($" {pair.Second} regions, expected 10 to 100", pair.First, StringComparison.Ordinal));
        (await CommandLineProcess.RunAsync("index", "verify", "--index", folder["index"])).Succeeded();
        Assert.Equal(5, Hits(await SearchAsync(folder, "--caption", AdaptiveCorpus.CaptionOf(3, 0), "--shortlist", "30")).Length);
        Assert.Equal(5, Hits(await SearchAsync(folder, "--image", AdaptiveCorpus.IdOf(0), "--shortlist", "60")).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    public async Task Features_of_an_image_find_what_the_stored_image_finds_whatever_its_number_of_regions(int row)
    {
        using var folder = new TemporaryFolder();
        AdaptiveCorpus.WriteTsv(folder, Images);
        (await CommandLineProcess.RunAsync(Ingest(folder, "--index", folder["index"]))).Succeeded();
        var file = folder.WriteNpy("image.npy", AdaptiveCorpus.FeaturesOf(row), AdaptiveCorpus.RegionsOf(row), AdaptiveCorpus.Width);

        var stored = Hits(await SearchAsync(folder, "--image", AdaptiveCorpus.IdOf(row), "--shortlist", "60"));
        var given = Hits(await SearchAsync(folder, "--features", file, "--shortlist", "60"));

        Assert.All(stored.Zip(given), pair => Assert.Equal(pair.First.Score, pair.Second.Score, 1e-6));
        var like = (await SearchAsync(folder, "--like", file)).Json().GetProperty("hits")[0];
        Assert.Equal(AdaptiveCorpus.IdOf(row), like.GetProperty("id").GetString());
        (await SearchAsync(folder, "--features", folder.WriteNpy("few.npy", new float[9 * 64], 9, 64))).Refused("found the shape (9, 64)", "the model takes 10 to 100 regions of 64 features");
    }

    [Fact]
    public async Task A_split_gives_the_one_number_that_its_array_has_and_arrays_give_each_its_own()
    {
        using var folder = new TemporaryFolder();
        string[] split = ["ingest", "--bundle", Repository.AnyRegionsBundle, "--index", folder["index"], "--source", folder.Path, "--split", "made", "--json"];
        folder.WriteNpy("made_ims.npy", [.. AdaptiveCorpus.FeaturesOf(1, 20), .. AdaptiveCorpus.FeaturesOf(2, 20)], 2, 20, 64);
        Assert.Equal(2, (await CommandLineProcess.RunAsync(split)).Json().GetProperty("ingested").GetInt32());
        folder.WriteNpy("made_ims.npy", new float[2 * 9 * 64], 2, 9, 64);
        (await CommandLineProcess.RunAsync(split)).Refused("made_ims.npy", "9 regions, expected 10 to 100");

        Directory.CreateDirectory(folder["arrays"]);
        foreach (var regions in new[] { 10, 64, 100, 101 })
        {
            NpyWriter.Write(Path.Combine(folder["arrays"], $"of-{regions}.npy"), AdaptiveCorpus.FeaturesOf(regions, regions), regions, 64);
        }

        var report = (await CommandLineProcess.RunAsync("ingest", "--bundle", Repository.AnyRegionsBundle, "--index", folder["second"], "--arrays", folder["arrays"], "--json")).Json();
        Assert.Equal((3, 1), (report.GetProperty("ingested").GetInt32(), report.GetProperty("rejected").GetInt32()));
        Assert.Contains("101 regions, expected 10 to 100", report.GetProperty("rejects")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_killed_goes_on_to_the_same_index()
    {
        const int Many = 400;
        using var folder = new TemporaryFolder();
        AdaptiveCorpus.WriteTsv(folder, Many);
        (await CommandLineProcess.RunAsync(Ingest(folder, "--index", folder["clean"]))).Succeeded();
        string[] ingest = Ingest(folder, "--index", folder["killed"], "--commit-rows", "16");
        using (var process = CommandLineProcess.Start(ingest))
        {
            while (!process.HasExited && !(LocalIndex.TryReadGeneration(folder["killed"]) >= 4))
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var resumed = (await CommandLineProcess.RunAsync(ingest)).Json();

        Assert.InRange(resumed.GetProperty("resumedAtRow").GetInt32(), 1, Many - 1);
        Assert.Equal(await HashAsync(folder["clean"]), await HashAsync(folder["killed"]));
    }

    [Fact]
    public async Task They_are_evaluated_alike_from_their_file_and_from_an_index()
    {
        using var folder = new TemporaryFolder();
        AdaptiveCorpus.WriteTsv(folder, Images);
        (await CommandLineProcess.RunAsync(Ingest(folder, "--index", folder["index"]))).Succeeded();
        string[] evaluate = ["evaluate", "--bundle", Repository.AnyRegionsBundle, "--shortlist", "10,all", "--json"];

        var ofFile = (await CommandLineProcess.RunAsync([.. evaluate, "--tsv", folder["features.tsv"], "--captions", folder["captions.json"]])).Json();
        var ofIndex = (await CommandLineProcess.RunAsync([.. evaluate, "--index", folder["index"]])).Json();

        Assert.Equal(Images, ofFile.GetProperty("images").GetInt32());
        Assert.Equal(ofFile.GetProperty("pairsPlanned").GetInt64(), ofFile.GetProperty("pairsScored").GetInt64());
        Assert.True(JsonElement.DeepEquals(ofFile.GetProperty("rows"), ofIndex.GetProperty("rows")), ofIndex.GetProperty("rows").ToString());
    }

    [Fact]
    public async Task A_dry_run_estimates_records_by_the_regions_that_images_have()
    {
        using var folder = new TemporaryFolder();
        AdaptiveCorpus.WriteTsv(folder, Images);
        var estimated = (await CommandLineProcess.RunAsync(Ingest(folder, "--dry-run"))).Json().GetProperty("estimate").GetProperty("indexBytes").GetInt64();

        (await CommandLineProcess.RunAsync(Ingest(folder, "--index", folder["index"]))).Succeeded();

        var stored = Directory.GetFiles(folder["index"], "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        Assert.InRange(estimated, 0.8 * stored, 1.2 * stored);
    }

    [Fact]
    public async Task A_bundle_of_them_is_verified_and_says_that_it_explains_nothing()
    {
        var verified = (await CommandLineProcess.RunAsync("bundle", "verify", Repository.AnyRegionsBundle)).Succeeded().Output;
        Assert.Contains("10 to 100 × 64", verified, StringComparison.Ordinal);
        Assert.Contains("nothing: explainers are for one number of regions", verified, StringComparison.Ordinal);

        using var folder = new TemporaryFolder();
        AdaptiveCorpus.WriteTsv(folder, 2);
        (await CommandLineProcess.RunAsync(Ingest(folder, "--index", folder["index"]))).Succeeded();
        var explained = await CommandLineProcess.RunAsync("explain", "--bundle", Repository.AnyRegionsBundle, "--index", folder["index"], "--image", AdaptiveCorpus.IdOf(0), "--caption", "w4");
        Assert.NotEqual(0, explained.Code);
        Assert.Contains("it takes images of 10 to 100 regions, and explainers are for bundles of one number of regions", explained.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scores_of_an_array_are_those_of_the_search()
    {
        using var folder = new TemporaryFolder();
        folder.WriteNpy("regions.npy", AdaptiveCorpus.FeaturesOf(5, 23), 1, 23, 64);
        NpyWriter.Write(folder["tokens.npy"], [1L, 5, 6, 2], 1, 4);
        NpyWriter.Write(folder["lengths.npy"], [4L], 1);
        string[] score = ["score", "--bundle", Repository.AnyRegionsBundle, "--regions", folder["regions.npy"], "--tokens", folder["tokens.npy"], "--lengths", folder["lengths.npy"], "--direction", "text-to-image", "--out", folder["scores.npy"], "--json"];

        Assert.Equal(1, (await CommandLineProcess.RunAsync(score)).Json().GetProperty("pairs").GetInt32());
        folder.WriteNpy("regions.npy", new float[101 * 64], 1, 101, 64);
        (await CommandLineProcess.RunAsync(score)).Refused("(1, 101, 64)", "(images, 10 to 100, 64)");
    }

    private static Task<Outcome> SearchAsync(TemporaryFolder folder, params string[] more) => CommandLineProcess.RunAsync(Search(["--index", folder["index"], .. more]));

    private static async Task<string> HashAsync(string index) => (await CommandLineProcess.RunAsync("index", "hash", "--index", index)).Succeeded().Output;
}
