namespace Retrieval.Bench.Rerank;

/// <summary>The first bundle against another one, each at its own best number of pairs a call.</summary>
/// <param name="Direction"><c>text-to-image</c> or <c>image-to-text</c>.</param>
/// <param name="Against">Folder of the other, as given.</param>
/// <param name="Ratio">The first one's best median rate over the other's.</param>
internal sealed record BestRatio(string Direction, string Against, double Ratio);
