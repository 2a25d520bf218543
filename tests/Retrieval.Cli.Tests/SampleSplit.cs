using System.Globalization;
using Retrieval.Features.Npy;

namespace Retrieval.Cli.Tests;

/// <summary>Writes a split of random features and captions, the same for the same seed.</summary>
internal static class SampleSplit
{
    public const int CaptionsPerImage = 2;

    /// <param name="folder">Where to.</param>
    /// <param name="images">How many images.</param>
    /// <param name="seed">Seed of features and captions.</param>
    /// <param name="badRow">Whether a row is to have a NaN, and so to be rejected.</param>
    public static string Write(TemporaryFolder folder, int images, int seed = 1, Func<int, bool>? badRow = null)
    {
        var random = new Random(seed);
        var regions = new float[images * Fixture.Regions * Fixture.Width];
        for (var i = 0; i < regions.Length; i++)
        {
            regions[i] = random.NextSingle();
        }

        for (var image = 0; image < images; image++)
        {
            if (badRow?.Invoke(image) == true)
            {
                regions[image * Fixture.Regions * Fixture.Width] = float.NaN;
            }
        }

        NpyWriter.Write(folder["test_ims.npy"], regions, images, Fixture.Regions, Fixture.Width);
        File.WriteAllLines(folder["test_caps.txt"], Enumerable.Range(0, images * CaptionsPerImage).Select(_ => Caption(random)));
        File.WriteAllLines(folder["test_ids.txt"], Enumerable.Range(0, images).Select(Id));
        File.WriteAllLines(folder["test_metadata.jsonl"], Enumerable.Range(0, images).Select(image => $$"""{"half": "{{(image < images / 2 ? "first" : "second")}}"}"""));
        return folder.Path;
    }

    public static string Id(int image) => string.Create(CultureInfo.InvariantCulture, $"image-{image:D5}");

    private static string Caption(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(3, 9)).Select(_ => $"w{random.Next(4, 4 + Fixture.Words)}"));
}
