namespace Retrieval.Bench.Load;

/// <summary>One series of the server's metrics over a run.</summary>
/// <param name="Name">Name and labels; for a histogram, the name without <c>_sum</c> and <c>_count</c>.</param>
/// <param name="Kind"><c>counter</c>, <c>gauge</c>, <c>histogram</c> or <c>untyped</c>.</param>
/// <param name="Growth">For a counter, its increase; for a histogram, the number of measurements.</param>
/// <param name="Mean">For a histogram, the mean of those measurements.</param>
/// <param name="First">For a gauge, the value before the run.</param>
/// <param name="Peak">For a gauge, the largest observed value.</param>
/// <param name="Last">The value after the run; null for a histogram.</param>
internal sealed record SeriesChange(string Name, string Kind, double? Growth, double? Mean, double? First, double? Peak, double? Last);
