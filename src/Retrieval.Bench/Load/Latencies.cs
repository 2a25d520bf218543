namespace Retrieval.Bench.Load;

/// <summary>Latencies in milliseconds; percentiles by nearest rank, within <see cref="LatencyHistogram.RelativeError"/>.</summary>
/// <param name="Count">Number of latencies.</param>
/// <param name="Mean">The exact mean.</param>
/// <param name="P50">The median.</param>
/// <param name="P90">The 90th percentile.</param>
/// <param name="P99">The 99th percentile.</param>
/// <param name="P999">The 99.9th percentile.</param>
/// <param name="Max">The exact maximum.</param>
internal sealed record Latencies(long Count, double Mean, double P50, double P90, double P99, double P999, double Max);
