using System.Numerics;
using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Scoring;

/// <summary>How many pairs one call of a scorer takes where nobody has said so.</summary>
internal static class CallSize
{
    private const int FewestOnCpu = 8;
    private const int MostOnCpu = 256;
    private const int OnCuda = 1024;

    // What a call may touch and yet be found in the caches of the machines we measured on: docs/benchmarks.md, "Pairs per batch".
    private const double CachedBytes = 26e6;

    /// <summary>The configured number, or the one that suits the device.</summary>
    public static int For(BundleManifest manifest, int configured, bool cuda = false) =>
        configured > 0 ? configured : cuda ? OnCuda : OnCpu(manifest);

    /// <summary>The size of the call that takes so many pairs where only a few sizes are used: powers of two, and the most.</summary>
    public static int Bucket(int pairs, int most) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)pairs), (uint)most);

    /// <summary>The next smaller of those sizes; 0 below the least.</summary>
    public static int Below(int size) => size <= 1 ? 0 : (int)BitOperations.RoundUpToPowerOf2((uint)size) / 2;

    // A power of two: nearest, in ratio, to as many pairs as fit. Halves count as float32, which is what is computed in.
    private static int OnCpu(BundleManifest manifest)
    {
        var elements = manifest.ImageFields.Concat(manifest.CaptionFields).Sum(field => (long)field.RowElements * (field.Ragged ? manifest.Tokens.Max : 1));
        var fitting = CachedBytes / (sizeof(float) * Math.Max(1, elements));
        var nearest = Math.Pow(2, Math.Round(Math.Log2(Math.Max(1, fitting))));
        return (int)Math.Clamp(nearest, FewestOnCpu, MostOnCpu);
    }
}
