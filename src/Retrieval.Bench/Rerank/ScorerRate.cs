namespace Retrieval.Bench.Rerank;

/// <summary>Measurements of one bundle's scorer.</summary>
/// <param name="PairsPerCall">Pairs in one batch of the graph.</param>
/// <param name="PairsPerSecond">Its rate.</param>
/// <param name="Ratio">The first bundle's rate divided by this one, repetition by repetition; null for the first.</param>
/// <param name="LargestDifference">Largest absolute difference of a score from the first bundle's; null for the first.</param>
/// <param name="InputBytes">
/// Input of the graph for one query in addition to the bank: slots, query numbers and, with every batch, the query's record.
/// If the bank is resident on a device, this is what is transferred there.
/// </param>
/// <param name="AllocatedBytes">Managed memory allocated by one query's scoring, median.</param>
internal sealed record ScorerRate(
    int PairsPerCall, Samples PairsPerSecond, Samples? Ratio, double? LargestDifference, long InputBytes, double AllocatedBytes);
