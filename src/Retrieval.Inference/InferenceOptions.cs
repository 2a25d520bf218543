namespace Retrieval.Inference;

/// <summary>How a model is run.</summary>
public sealed record InferenceOptions
{
    private const int MostThreads = 1024;
    private const int MostPairsPerCall = 65_536;

    /// <summary>Threads for one graph, 1 to 1024; 0 takes all cores.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Most pairs of one scorer call, 1 to 65536. On a CPU the working set of a pair (about 0.8 MB at D=1024) should stay
    /// in the caches, so many small calls are faster than one large one; docs/benchmarks.md has the measurement.
    /// </summary>
    public int PairsPerCall { get; init; } = 32;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, MostThreads);
        ArgumentOutOfRangeException.ThrowIfLessThan(PairsPerCall, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PairsPerCall, MostPairsPerCall);
    }
}
