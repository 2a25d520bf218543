using System.Globalization;
using Retrieval.TestKit.Corpora;

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
        float[][] regions = [.. Enumerable.Range(0, images).Select(_ => Corpus.RandomRegions(random))];
        foreach (var bad in Enumerable.Range(0, images).Where(image => badRow?.Invoke(image) == true))
        {
            regions[bad][0] = float.NaN;
        }

        new Corpus
        {
            Regions = regions,
            Ids = [.. Enumerable.Range(0, images).Select(Id)],
            Captions = [.. Enumerable.Range(0, images).Select(_ => Enumerable.Range(0, CaptionsPerImage).Select(_ => Caption(random)).ToArray())],
            Metadata = [.. Enumerable.Range(0, images).Select(image => $$"""{"half": "{{(image < images / 2 ? "first" : "second")}}", "year": {{2000 + image}}, "even": {{(image % 2 == 0 ? "true" : "false")}}}""")],
        }.Write(folder.Path, "test");
        return folder.Path;
    }

    public static string Id(int image) => string.Create(CultureInfo.InvariantCulture, $"image-{image:D5}");

    private static string Caption(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(3, 9)).Select(_ => $"w{random.Next(4, 4 + Fixture.Words)}"));
}
