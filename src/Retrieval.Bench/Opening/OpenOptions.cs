namespace Retrieval.Bench.Opening;

/// <summary>What <see cref="OpenBench"/> measures.</summary>
internal sealed record OpenOptions
{
    /// <summary>Images of the index.</summary>
    public required int Images { get; init; }

    /// <summary>Images that each further generation changes.</summary>
    public required int Changed { get; init; }

    /// <summary>Further generations.</summary>
    public required int Repetitions { get; init; }
}
