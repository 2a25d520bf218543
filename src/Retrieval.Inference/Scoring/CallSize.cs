using System.Numerics;
using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Scoring;

/// <summary>How many pairs one batch of a scorer has if this is not configured.</summary>
internal static class CallSize
{
    private const int FewestOnCpu = 8;
    private const int MostOnCpu = 256;
    private const int OnCuda = 1024;

    // The data that a batch may touch and still find in the caches of the measured machines: docs/benchmarks.md, "Pairs per batch".
    private const double CachedBytes = 26e6;

    /// <summary>The configured number, or the one that suits the device.</summary>
    public static int For(BundleManifest manifest, int configured, bool cuda = false) =>
        configured > 0 ? configured : cuda ? OnCuda : OnCpu(manifest);

    /// <summary>Padded size for this many pairs if only a few sizes are used: powers of two, and the maximum.</summary>
    public static int Bucket(int pairs, int most) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)pairs), (uint)most);

    /// <summary>The next smaller of those sizes; 0 below the smallest.</summary>
    public static int Below(int size) => size <= 1 ? 0 : (int)BitOperations.RoundUpToPowerOf2((uint)size) / 2;

    // The power of two nearest, in ratio, to the number of pairs that fit. Float16 counts as float32, which is used for computing.
    private static int OnCpu(BundleManifest manifest)
    {
        var elements = Elements(manifest.ImageFields, manifest.RegionCount) + Elements(manifest.CaptionFields, manifest.Tokens.Max);
        var fitting = CachedBytes / (sizeof(float) * Math.Max(1, elements));
        var nearest = Math.Pow(2, Math.Round(Math.Log2(Math.Max(1, fitting))));
        return (int)Math.Clamp(nearest, FewestOnCpu, MostOnCpu);
    }

    private static long Elements(IEnumerable<FieldSpec> fields, int mostRows) => fields.Sum(field => (long)field.RowElements * (field.Ragged ? mostRows : 1));
}
