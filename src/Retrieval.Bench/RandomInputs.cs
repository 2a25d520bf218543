using Retrieval.Domain.Bundles;

namespace Retrieval.Bench;

/// <summary>Region features and captions generated from a seed, the same for every bundle that takes the same shapes.</summary>
internal sealed class RandomInputs(int seed)
{
    public const int SpecialWords = 4;
    private const int SparseShare = 20;
    private readonly Random _random = new(seed);

    /// <summary>Features of images, <c>[images, R, W]</c>, R being the most that the bundle takes: non-negative and mostly small, like those of detectors.</summary>
    public float[] Regions(int images, BundleManifest manifest)
    {
        var regions = new float[images * manifest.RegionCount * manifest.RegionWidth];
        for (var i = 0; i < regions.Length; i++)
        {
            regions[i] = Feature(_random);
        }

        return regions;
    }

    /// <summary>One feature: non-negative and mostly small, like those of detectors.</summary>
    public static float Feature(Random random)
    {
        var value = random.NextSingle();
        return value * value * value * 4;
    }

    /// <summary>Token ids of captions with a given number of words, between the start and end tokens.</summary>
    public long[][] Captions(int captions, int words, int vocabulary) =>
        [.. Enumerable.Range(0, captions).Select(_ => (long[])[1, .. Enumerable.Range(0, words).Select(_ => (long)_random.Next(SpecialWords, vocabulary)), 2])];

    /// <summary>Slots of a bank, each used at most once as long as there are enough.</summary>
    public long[] Slots(int count, int bank)
    {
        var slots = new long[count];
        if ((long)count * SparseShare <= bank)
        {
            // Only a few slots of a large bank are drawn: shuffling all of it would take longer than the measurement.
            var drawn = new HashSet<long>(count);
            while (drawn.Count < count)
            {
                drawn.Add(_random.NextInt64(bank));
            }

            drawn.CopyTo(slots);
            return slots;
        }

        for (var first = 0; first < count; first += bank)
        {
            long[] all = [.. Enumerable.Range(0, bank)];
            _random.Shuffle(all);
            all.AsSpan(0, Math.Min(bank, count - first)).CopyTo(slots.AsSpan(first));
        }

        return slots;
    }
}
