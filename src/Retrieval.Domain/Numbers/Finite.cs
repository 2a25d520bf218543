using System.Numerics;
using System.Runtime.InteropServices;

namespace Retrieval.Domain.Numbers;

/// <summary>Distinguishes finite numbers from NaN and the infinities.</summary>
public static class Finite
{
    /// <summary>Whether all values are finite.</summary>
    public static bool All(ReadOnlySpan<float> values)
    {
        // x - x is 0 for every finite x and NaN for every other, and NaN stays in a sum.
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var sum = Vector<float>.Zero;
        foreach (var vector in vectors)
        {
            sum += vector - vector;
        }

        return Vector.EqualsAll(sum, Vector<float>.Zero) && FirstNot(values[(vectors.Length * Vector<float>.Count)..]) < 0;
    }

    /// <summary>Whether all values are finite.</summary>
    public static bool All(ReadOnlySpan<Half> values)
    {
        // The exponent's bits are all ones only in a NaN or an infinity.
        const ushort exponent = 0x7C00;
        foreach (var bits in MemoryMarshal.Cast<Half, ushort>(values))
        {
            if ((bits & exponent) == exponent)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Position of the first value that is not finite; -1 if all are finite.</summary>
    public static int FirstNot(ReadOnlySpan<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
