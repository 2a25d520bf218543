namespace Retrieval.Bench.Rerank;

/// <summary>What one bundle's scorer does.</summary>
/// <param name="PairsPerCall">Pairs of one call of the graph.</param>
/// <param name="PairsPerSecond">Its rate.</param>
/// <param name="Ratio">The first bundle's rate over this one, repetition by repetition; null for the first.</param>
/// <param name="LargestDifference">Largest absolute difference of a score from the first bundle's; null for the first.</param>
/// <param name="InputBytes">
/// What goes into the graph for one query beside the bank: slots, query numbers and, with every call, the query's record.
/// With a bank that is resident on a device it is what goes there.
/// </param>
/// <param name="AllocatedBytes">Managed memory allocated by one query's scoring, median.</param>
internal sealed record ScorerRate(
    int PairsPerCall, Samples PairsPerSecond, Samples? Ratio, double? LargestDifference, long InputBytes, double AllocatedBytes);
