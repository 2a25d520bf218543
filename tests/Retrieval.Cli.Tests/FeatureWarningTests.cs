using Retrieval.Features.Npy;

namespace Retrieval.Cli.Tests;

/// <summary>Features of the demo's scenes, as they are and as other tools would have written them, against what the demo's model learned from.</summary>
public sealed class FeatureWarningTests
{
    private const int Images = 300;
    private const int Regions = 36;
    private const int Width = 192;

    private static string Scenes => Path.Combine(Repository.Root, "models", "scenes");

    [Fact]
    public async Task The_demo_s_own_features_are_no_reason_to_warn()
    {
        using var folder = new TemporaryFolder();
        var run = await DryRunAsync(folder, (_, value) => value);
        Assert.DoesNotContain("warning", run.Errors, StringComparison.Ordinal);
        var features = run.Json().GetProperty("features");
        Assert.Empty(run.Json().GetProperty("warnings").EnumerateArray());
        Assert.InRange(features.GetProperty("scale").GetDouble(), 0.95, 1.05);
        Assert.InRange(features.GetProperty("correlation").GetDouble(), 0.99, 1);
        Assert.InRange(features.GetProperty("distance").GetDouble(), 0, 0.1);
    }

    [Fact]
    public async Task Ten_times_larger_features_are_warned_of_with_numbers_and_stored()
    {
        using var folder = new TemporaryFolder();
        var run = await IngestAsync(folder, (_, value) => 10 * value, "--index", folder["index"]);
        Assert.Contains("warning: the features of images 1 to 256", run.Errors, StringComparison.Ordinal);
        Assert.Contains("of another scale", run.Errors, StringComparison.Ordinal);
        Assert.Contains("(9.9", run.Errors, StringComparison.Ordinal);
        Assert.Equal(Images, run.Json().GetProperty("ingested").GetInt32());
        Assert.Single(run.Json().GetProperty("warnings").EnumerateArray());
    }

    [Fact]
    public async Task Normalised_features_are_called_so()
    {
        using var folder = new TemporaryFolder();
        var run = await DryRunAsync(folder, (region, value) => value / region);
        Assert.Contains("they look normalised", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Features_of_another_order_of_channels_are_warned_of()
    {
        using var folder = new TemporaryFolder();
        var run = await DryRunAsync(folder, (_, value) => value, channel => (channel * 61) % Width);
        Assert.Contains("another detector, layer or order of channels", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("another scale", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_few_images_are_compared_by_their_scale_alone()
    {
        using var folder = new TemporaryFolder();
        var run = await DryRunAsync(folder, (_, value) => 3 * value, channel => (channel * 61) % Width, images: 5);
        Assert.Contains("warning: the features of images 1 to 5", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("another detector", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bundle_that_does_not_say_what_it_learned_from_warns_of_nothing()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 20);
        var run = await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--source", folder.Path, "--split", "test", "--dry-run", "--json");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json().GetProperty("features").ValueKind);
        Assert.DoesNotContain("warning", run.Errors, StringComparison.Ordinal);
    }

    private static Task<Outcome> DryRunAsync(TemporaryFolder folder, Func<float, float, float> change, Func<int, int>? channel = null, int images = Images) =>
        IngestAsync(folder, change, "--dry-run", null, channel, images);

    // `change` is given the norm of the region and the value.
    private static async Task<Outcome> IngestAsync(
        TemporaryFolder folder, Func<float, float, float> change, string option, string? value, Func<int, int>? channel = null, int images = Images)
    {
        using var file = NpyFile.Open(Path.Combine(Scenes, "corpus", "test_ims.npy"));
        var features = new float[images * Regions * Width];
        file.ReadRows(0, features);
        foreach (var region in Enumerable.Range(0, images * Regions))
        {
            var own = features.AsSpan(region * Width, Width);
            var before = own.ToArray();
            var norm = MathF.Sqrt(before.Sum(number => number * number));
            for (var i = 0; i < Width; i++)
            {
                own[i] = change(norm, before[channel?.Invoke(i) ?? i]);
            }
        }

        NpyWriter.Write(folder["test_ims.npy"], features, [images, Regions, Width]);
        string[] more = value is null ? [option] : [option, value];
        return await CommandLineProcess.RunAsync(["ingest", "--bundle", Path.Combine(Scenes, "bundle"), "--source", folder.Path, "--split", "test", "--json", .. more]);
    }
}
