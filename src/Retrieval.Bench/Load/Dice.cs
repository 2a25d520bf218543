namespace Retrieval.Bench.Load;

/// <summary>
/// Random numbers by place: the n-th request of a run draws the same whatever order requests end in, and no state is
/// shared between clients.
/// </summary>
internal static class Dice
{
    /// <summary>A number from 0 up to, not including, 1.</summary>
    /// <param name="seed">Of the run.</param>
    /// <param name="stream">What is drawn for: draws of different streams are independent.</param>
    /// <param name="number">The place.</param>
    public static double Draw(int seed, int stream, long number)
    {
        // SplitMix64 (Steele, Lea, Flood 2014): a counter, mixed.
        var bits = ((ulong)(uint)seed << 32) + (uint)stream;
        bits = Mix(bits + 0x9E3779B97F4A7C15UL) + (0x9E3779B97F4A7C15UL * (ulong)(number + 1));
        return (Mix(bits) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>A whole number from 0 up to, not including, <paramref name="bound"/>.</summary>
    /// <inheritdoc cref="Draw"/>
    public static int Below(int bound, int seed, int stream, long number) => (int)(Draw(seed, stream, number) * bound);

    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9UL;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBUL;
        return bits ^ (bits >> 31);
    }
}
