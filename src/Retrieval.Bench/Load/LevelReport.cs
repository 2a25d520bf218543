namespace Retrieval.Bench.Load;

/// <summary>One level of load and its results.</summary>
/// <param name="Name">Name for people to read.</param>
/// <param name="Loop"><c>closed</c> or <c>open</c>.</param>
/// <param name="Clients">Clients of a closed loop; null for an open one.</param>
/// <param name="OfferedPerSecond">Intended arrivals per second of an open loop; null for a closed one.</param>
/// <param name="Counts">The results.</param>
/// <param name="Generator">What the generator used, including the warm-up.</param>
internal sealed record LevelReport(string Name, string Loop, int? Clients, double? OfferedPerSecond, PhaseCounts Counts, GeneratorLoad Generator);
