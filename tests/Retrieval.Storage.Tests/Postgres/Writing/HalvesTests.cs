using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Retrieval.Storage.Postgres.Writing;

namespace Retrieval.Storage.Tests.Postgres.Writing;

public sealed class HalvesTests
{
    [Fact]
    public void Every_float_within_range_becomes_the_half_the_framework_makes_of_it()
    {
        // Every half, both its neighbours among floats, and the middle to the next half with its neighbours: all that
        // rounding can get wrong; then random floats, at lengths that leave a rest behind the vectors.
        var values = new List<float>();
        for (ushort bits = 0; bits < 0x7BFF; bits++)
        {
            var half = (float)BitConverter.UInt16BitsToHalf(bits);
            var middle = (half + (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1))) / 2;
            values.AddRange([half, float.BitIncrement(half), float.BitDecrement(half), middle, float.BitIncrement(middle), float.BitDecrement(middle)]);
        }

        var random = new Random(3);
        values.AddRange(Enumerable.Range(0, 100_003).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-30, 16))));
        values.AddRange([0f, -0f, float.Epsilon, 65504f, 65503.99f]);
        var all = values.Concat(values.Select(value => -value)).ToArray();
        var bytes = new byte[all.Length * Halves.Bytes];
        Halves.Write(MemoryMarshal.AsBytes<float>(all), bytes);
        for (var i = 0; i < all.Length; i++)
        {
            var found = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(i * Halves.Bytes));
            Assert.True(BitConverter.HalfToUInt16Bits((Half)all[i]) == found, $"{all[i]:R} became {found:X4}");
        }
    }

    [Fact]
    public void Values_beyond_half_precision_are_found_wherever_they_are()
    {
        foreach (var length in new[] { 1, 7, 8, 9, 33 })
        {
            for (var place = 0; place < length; place++)
            {
                foreach (var beyond in new[] { 65505f, -65520f, float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    var values = Enumerable.Repeat(-65504f, length).ToArray();
                    Assert.Equal(-1, Halves.FirstBeyond(values));
                    values[place] = beyond;
                    Assert.Equal(place, Halves.FirstBeyond(values));
                }
            }
        }
    }
}
