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
        Assert.True(JsonElement.DeepEquals(rows[2].GetProperty("textToImage"), rows[3].GetProperty("textToImage")));
        Assert.Equal(100, rows[2].GetProperty("shortlistOverlapAt10").GetProperty("textToImage").GetProperty("whole").GetDouble());
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
