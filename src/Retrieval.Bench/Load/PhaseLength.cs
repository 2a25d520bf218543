namespace Retrieval.Bench.Load;

/// <summary>How long a phase goes on.</summary>
/// <param name="WarmUp">Seconds before it that do not count.</param>
/// <param name="Seconds">Seconds it is measured.</param>
/// <param name="Queries">Requests after which it ends before its time; null for no such number.</param>
internal sealed record PhaseLength(double WarmUp, double Seconds, long? Queries = null);
