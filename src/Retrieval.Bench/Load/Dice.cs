namespace Retrieval.Bench.Load;

/// <summary>
/// Random numbers by index: the n-th request of a run always draws the same, in whatever order requests end, and clients share no
/// state.
/// </summary>
internal static class Dice
{
    /// <summary>A number from 0 (inclusive) to 1 (exclusive).</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="stream">Purpose of the draw: draws of different streams are independent.</param>
    /// <param name="number">The index.</param>
    public static double Draw(int seed, int stream, long number)
    {
        // SplitMix64 (Steele, Lea, Flood 2014): a counter, mixed.
        var bits = ((ulong)(uint)seed << 32) + (uint)stream;
        bits = Mix(bits + 0x9E3779B97F4A7C15UL) + (0x9E3779B97F4A7C15UL * (ulong)(number + 1));
        return (Mix(bits) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>A whole number from 0 (inclusive) to <paramref name="bound"/> (exclusive).</summary>
    /// <inheritdoc cref="Draw"/>
    public static int Below(int bound, int seed, int stream, long number) => (int)(Draw(seed, stream, number) * bound);

    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9UL;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBUL;
        return bits ^ (bits >> 31);
    }
}
