using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// Converts floats to the half-precision numbers of a <c>halfvec</c> on the wire: big-endian, rounded to nearest, ties to even.
/// </summary>
internal static class Halves
{
    /// <summary>Bytes of one number.</summary>
    public const int Bytes = sizeof(ushort);

    /// <summary>The largest half-precision number.</summary>
    public const float Largest = 65504f;

    // Half precision: numbers below the first constant have fewer bits, in steps of the second.
    private const int SmallestNormalBits = 0x3880_0000;
    private const float SubnormalMagic = 0.5f;

    /// <summary>Position of the first number beyond half precision; -1 if there is none.</summary>
    public static int FirstBeyond(ReadOnlySpan<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var limit = new Vector<float>(Largest);
        var within = 0;
        while (within < vectors.Length && Vector.LessThanOrEqualAll(Vector.Abs(vectors[within]), limit))
        {
            within++;
        }

        for (var i = within * Vector<float>.Count; i < values.Length; i++)
        {
            if (!(MathF.Abs(values[i]) <= Largest))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Writes numbers, none of which may be beyond <see cref="Largest"/>.</summary>
    /// <param name="floats">float32, little-endian.</param>
    /// <param name="destination">Room for <see cref="Bytes"/> bytes per number.</param>
    public static void Write(ReadOnlySpan<byte> floats, Span<byte> destination)
    {
        var bits = MemoryMarshal.Cast<byte, int>(floats);
        var halves = MemoryMarshal.Cast<byte, ushort>(destination)[..bits.Length];
        var vectors = MemoryMarshal.Cast<int, Vector<int>>(bits);
        var step = Vector<int>.Count;
        var done = 0;
        for (; done < vectors.Length / 2 * 2; done += 2)
        {
            var narrow = Vector.Narrow(Convert(vectors[done]), Convert(vectors[done + 1])).As<short, ushort>();
            // Big-endian.
            narrow = (narrow << 8) | (narrow >>> 8);
            narrow.CopyTo(halves[(done * step)..]);
        }

        for (var i = done * step; i < bits.Length; i++)
        {
            halves[i] = BinaryPrimitives.ReverseEndianness(BitConverter.HalfToUInt16Bits((Half)BitConverter.Int32BitsToSingle(bits[i])));
        }
    }

    private static Vector<int> Convert(Vector<int> bits)
    {
        var sign = bits & new Vector<int>(int.MinValue);
        var magnitude = bits ^ sign;
        // Subnormal: after one half is added, the number, rounded by the processor, is in the lowest bits.
        var magic = new Vector<float>(SubnormalMagic);
        var subnormal = (magnitude.As<int, float>() + magic).As<float, int>() - magic.As<float, int>();
        // Normal: the exponent's bias changes from 127 to 15, and 13 bits are rounded away.
        var odd = (magnitude >>> 13) & Vector<int>.One;
        var normal = (magnitude - new Vector<int>((127 - 15) << 23) + new Vector<int>(0xFFF) + odd) >>> 13;
        var half = Vector.ConditionalSelect(Vector.LessThan(magnitude, new Vector<int>(SmallestNormalBits)), subnormal, normal);
        return half | (sign >> 16);
    }
}
