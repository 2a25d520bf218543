namespace Retrieval.Cli.Bench;

/// <summary>The rate of one scorer, and of the one it is compared with.</summary>
/// <param name="Direction"><c>text-to-image</c> or <c>image-to-text</c>.</param>
/// <param name="PairsPerCall">Pairs of one call of the graph.</param>
/// <param name="PairsPerSecond">Its rate.</param>
/// <param name="AgainstPairsPerSecond">The other's rate; null if there is none.</param>
/// <param name="Ratio">The one rate over the other, repetition by repetition.</param>
/// <param name="LargestDifference">Largest absolute difference of a score between the two.</param>
internal sealed record ScorerReport(
    string Direction, int PairsPerCall, Samples PairsPerSecond, Samples? AgainstPairsPerSecond, Samples? Ratio, double? LargestDifference);
