namespace Retrieval.Bench.Queries;

/// <summary>Times of one kind of query, in milliseconds.</summary>
/// <param name="Direction"><c>text-to-image</c> or <c>image-to-text</c>.</param>
/// <param name="Shortlist">Candidates to rerank.</param>
/// <param name="TotalMs">The whole query, from the caller's side.</param>
/// <param name="P99Ms">The 99th percentile of the whole query.</param>
/// <param name="DirectMs">The bare work of the same queries, measured alternately with them: encoder and scorer called directly.</param>
/// <param name="OverheadShare">Overhead (shortlist, batching, assembly) divided by the bare work (encoder + scorer).</param>
/// <param name="OverheadMs">That overhead in milliseconds: median of the differences, query by query.</param>
/// <param name="StagesMs">Median of each stage, as the service itself reports them.</param>
/// <param name="OtherStagesShare">The stages other than encode and score, divided by those two, as the service itself reports them.</param>
/// <param name="AllocatedBytes">Managed memory allocated per query, median.</param>
internal sealed record QueryKindReport(
    string Direction,
    int Shortlist,
    Samples TotalMs,
    double P99Ms,
    Samples DirectMs,
    double OverheadShare,
    double OverheadMs,
    IReadOnlyDictionary<string, double> StagesMs,
    double OtherStagesShare,
    double AllocatedBytes);
