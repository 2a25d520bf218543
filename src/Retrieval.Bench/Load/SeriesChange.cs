namespace Retrieval.Bench.Load;

/// <summary>One series of the server's metrics over a run.</summary>
/// <param name="Name">Name and labels; of a histogram the name without <c>_sum</c> and <c>_count</c>.</param>
/// <param name="Kind"><c>counter</c>, <c>gauge</c>, <c>histogram</c> or <c>untyped</c>.</param>
/// <param name="Growth">Of a counter, by how much it grew; of a histogram, by how many measurements.</param>
/// <param name="Mean">Of a histogram, the mean of those measurements.</param>
/// <param name="First">Of a gauge, the value before the run.</param>
/// <param name="Peak">Of a gauge, the largest value that was seen.</param>
/// <param name="Last">The value when all was over; of a histogram null.</param>
internal sealed record SeriesChange(string Name, string Kind, double? Growth, double? Mean, double? First, double? Peak, double? Last);
