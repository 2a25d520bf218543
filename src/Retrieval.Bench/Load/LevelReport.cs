namespace Retrieval.Bench.Load;

/// <summary>One level of load and what came of it.</summary>
/// <param name="Name">For a person.</param>
/// <param name="Loop"><c>closed</c> or <c>open</c>.</param>
/// <param name="Clients">Clients of a closed loop; null for an open one.</param>
/// <param name="OfferedPerSecond">Arrivals a second an open loop was to make; null for a closed one.</param>
/// <param name="Counts">What came of it.</param>
/// <param name="Generator">What the generator took, warm-up included.</param>
internal sealed record LevelReport(string Name, string Loop, int? Clients, double? OfferedPerSecond, PhaseCounts Counts, GeneratorLoad Generator);
