using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Shortlists;

/// <summary>
/// Embeddings of images may have any length, as only their order for a caption counts. Two images are compared by the cosine, so
/// that long ones are not like everything.
/// </summary>
internal static class UnitFactors
{
    /// <summary>One over the length of each embedding, by slot; 0 for one without length.</summary>
    /// <param name="bank">The embeddings.</param>
    /// <param name="former">Factors of the first slots, as an earlier generation had them; null if none are known.</param>
    public static float[] Of(IndexBank bank, float[]? former = null)
    {
        var factors = new float[bank.Slots];
        former?.CopyTo(factors, 0);
        Parallel.For(former?.Length ?? 0, factors.Length, slot => factors[slot] = Of(MemoryMarshal.Cast<byte, float>(bank.Embedding.Row(slot))));
        return factors;
    }

    /// <summary>The embedding at unit length.</summary>
    public static float[] Unit(ReadOnlySpan<float> embedding)
    {
        var unit = new float[embedding.Length];
        TensorPrimitives.Multiply(embedding, Of(embedding), unit);
        return unit;
    }

    /// <summary>The cosine of two unit vectors: their inner product, which rounding may take past 1.</summary>
    public static float Cosine(float product) => Math.Clamp(product, -1f, 1f);

    private static float Of(ReadOnlySpan<float> embedding) => TensorPrimitives.Norm(embedding) is var length && length == 0 ? 0 : 1 / length;
}
