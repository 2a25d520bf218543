namespace Retrieval.Bench.Load;

/// <summary>Number of different queries of a run.</summary>
/// <param name="Captions">Captions.</param>
/// <param name="Images">Images.</param>
internal sealed record QueryCounts(int Captions, int Images);
