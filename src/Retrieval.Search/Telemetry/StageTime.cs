namespace Retrieval.Search.Telemetry;

/// <summary>How long one stage of a request took.</summary>
/// <param name="Stage">One of <see cref="StageNames"/>.</param>
/// <param name="Duration">Wall-clock time.</param>
public readonly record struct StageTime(string Stage, TimeSpan Duration);
