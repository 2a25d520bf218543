using Retrieval.Domain.Bundles;

namespace Retrieval.Bench;

/// <summary>Region features and captions from a seed, the same for every bundle that takes the same shapes.</summary>
internal sealed class RandomInputs(int seed)
{
    public const int SpecialWords = 4;
    private const int SparseShare = 20;
    private readonly Random _random = new(seed);

    /// <summary>Features of images, <c>[images, R, W]</c>: not negative and mostly small, as detectors give them.</summary>
    public float[] Regions(int images, BundleManifest manifest)
    {
        var regions = new float[images * manifest.RegionCount * manifest.RegionWidth];
        for (var i = 0; i < regions.Length; i++)
        {
            var value = _random.NextSingle();
            regions[i] = value * value * value * 4;
        }

        return regions;
    }

    /// <summary>Token ids of captions of a given number of words, the start and the end token put around them.</summary>
    public long[][] Captions(int captions, int words, int vocabulary) =>
        [.. Enumerable.Range(0, captions).Select(_ => (long[])[1, .. Enumerable.Range(0, words).Select(_ => (long)_random.Next(SpecialWords, vocabulary)), 2])];

    /// <summary>Slots of a bank, each taken at most once as long as there are enough.</summary>
    public long[] Slots(int count, int bank)
    {
        var slots = new long[count];
        if ((long)count * SparseShare <= bank)
        {
            // Of a large bank a few: shuffling all of it would take longer than what is measured.
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
