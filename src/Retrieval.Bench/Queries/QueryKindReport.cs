namespace Retrieval.Bench.Queries;

/// <summary>Times of one kind of query, in milliseconds.</summary>
/// <param name="Direction"><c>text-to-image</c> or <c>image-to-text</c>.</param>
/// <param name="TotalMs">The whole query, from the caller's side.</param>
/// <param name="P99Ms">The 99th percentile of it.</param>
/// <param name="DirectMs">The bare work of the same queries, measured in turns with them: encoder and scorer called directly.</param>
/// <param name="OverheadShare">What the whole takes beyond the bare work, over the bare work: overhead / (encoder + scorer). Shortlist, batching, assembly.</param>
/// <param name="OverheadMs">That overhead in milliseconds: median of the differences, query by query.</param>
/// <param name="StagesMs">Median of each stage, as the service itself reports them.</param>
/// <param name="OtherStagesShare">The stages other than encode and score, over those two, as the service itself reports them.</param>
/// <param name="AllocatedBytes">Managed memory allocated by a query, median.</param>
internal sealed record QueryKindReport(
    string Direction,
    Samples TotalMs,
    double P99Ms,
    Samples DirectMs,
    double OverheadShare,
    double OverheadMs,
    IReadOnlyDictionary<string, double> StagesMs,
    double OtherStagesShare,
    double AllocatedBytes);
