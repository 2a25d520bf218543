namespace Retrieval.Bench.Rerank;

/// <summary>The scorers of all bundles in one direction and with one number of pairs a call, measured in turns.</summary>
/// <param name="Direction"><c>text-to-image</c> or <c>image-to-text</c>.</param>
/// <param name="PairsPerCall">Pairs of one call of the graph, as asked for; 0 for as many as each scorer takes by itself.</param>
/// <param name="Rates">One a bundle, in the order of the bundles.</param>
internal sealed record ScorerReport(string Direction, int PairsPerCall, IReadOnlyList<ScorerRate> Rates);
