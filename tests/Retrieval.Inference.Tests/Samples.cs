using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Tests;

/// <summary>Random inputs of a model's shape, the same for the same seed.</summary>
internal static class Samples
{
    public static float[] Regions(BundleManifest manifest, int images, int seed)
    {
        var random = new Random(seed);
        var regions = new float[images * manifest.RegionCount * manifest.RegionWidth];
        for (var i = 0; i < regions.Length; i++)
        {
            regions[i] = random.NextSingle();
        }

        return regions;
    }

    /// <summary>Captions of different lengths, the shortest and the longest among them.</summary>
    public static long[][] Captions(MatchingModel model, int captions, int seed)
    {
        var random = new Random(seed);
        var max = model.Manifest.Tokens.Max;
        return [.. Enumerable.Range(0, captions).Select(i =>
        {
            var length = i switch { 0 => 1, 1 => max, 2 => 3, _ => random.Next(2, max + 1) };
            return Enumerable.Range(0, length).Select(_ => (long)random.Next(1, 60)).ToArray();
        })];
    }
}
