namespace Retrieval.Bench.Rerank;

/// <summary>The scorers of all bundles in one direction and with one batch size, measured alternately.</summary>
/// <param name="Direction"><c>text-to-image</c> or <c>image-to-text</c>.</param>
/// <param name="PairsPerCall">Pairs in one batch of the graph, as requested; 0 for each scorer's default.</param>
/// <param name="Rates">One per bundle, in the order of the bundles.</param>
internal sealed record ScorerReport(string Direction, int PairsPerCall, IReadOnlyList<ScorerRate> Rates);
