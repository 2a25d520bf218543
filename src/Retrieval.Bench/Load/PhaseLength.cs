namespace Retrieval.Bench.Load;

/// <summary>Length of a phase.</summary>
/// <param name="WarmUp">Unmeasured seconds before it.</param>
/// <param name="Seconds">Measured seconds.</param>
/// <param name="Queries">Number of requests after which it ends early; null for no limit.</param>
internal sealed record PhaseLength(double WarmUp, double Seconds, long? Queries = null);
