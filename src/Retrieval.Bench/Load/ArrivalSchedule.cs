namespace Retrieval.Bench.Load;

/// <summary>
/// When requests of independent callers arrive: a Poisson process, whose gaps are exponentially distributed with mean
/// 1 / rate. The same seed gives the same arrivals.
/// </summary>
/// <param name="rate">Arrivals per second, above 0.</param>
/// <param name="seed">Seed of the gaps.</param>
internal sealed class ArrivalSchedule(double rate, int seed)
{
    private const int Stream = 1;
    private long _number;
    private double _at;

    /// <summary>The next arrival, in seconds since the start.</summary>
    public double Next() => _at -= Math.Log(1 - Dice.Draw(seed, Stream, _number++)) / rate;
}
