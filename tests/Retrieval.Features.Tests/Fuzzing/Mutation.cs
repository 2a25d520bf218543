namespace Retrieval.Features.Tests.Fuzzing;

/// <summary>Damages bytes in the ways in which files are damaged, and in some in which they are made to deceive.</summary>
public static class Mutation
{
    private const int MostAtOnce = 4;
    private const int LongestPiece = 64;
    private const int MostBytes = 1 << 16;

    // Ends of ranges, signs, and sizes that nobody has.
    private static readonly long[] Numbers = [0, 1, -1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, long.MaxValue, long.MinValue];
    private static readonly byte[] Signs = [0, 9, 10, 13, 0x1F, 0x20, (byte)'"', (byte)'#', (byte)'\'', (byte)',', (byte)'-', (byte)'0', (byte)'9', (byte)'[', (byte)'\\', (byte)'{', (byte)'}', 0x7F, 0x80, 0xC0, 0xED, 0xFF];

    /// <summary>Some damage, one to four times.</summary>
    /// <param name="bytes">The whole bytes.</param>
    /// <param name="random">What decides.</param>
    public static byte[] Of(byte[] bytes, Random random)
    {
        var damaged = new List<byte>(bytes);
        for (var times = random.Next(1, MostAtOnce + 1); times > 0; times--)
        {
            Once(damaged, random);
        }

        return [.. damaged];
    }

    private static void Once(List<byte> bytes, Random random)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)random.Next(256));
            return;
        }

        var at = random.Next(bytes.Count);
        var length = Math.Min(random.Next(1, LongestPiece), bytes.Count - at);
        switch (random.Next(9))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes[at] = Signs[random.Next(Signs.Length)];
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 5 when bytes.Count < MostBytes:
                bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                break;
            case 6:
                var piece = bytes.GetRange(at, length);
                var to = random.Next(bytes.Count - length + 1);
                for (var i = 0; i < length; i++)
                {
                    bytes[to + i] = piece[i];
                }

                break;
            default:
                var number = BitConverter.GetBytes(Numbers[random.Next(Numbers.Length)] + random.Next(-1, 2));
                for (var i = 0; i < (1 << random.Next(4)) && at + i < bytes.Count; i++)
                {
                    bytes[at + i] = number[i];
                }

                break;
        }
    }
}
