namespace Retrieval.Bench.Rerank;

/// <summary>The first bundle compared with another one, each with its own best batch size.</summary>
/// <param name="Direction"><c>text-to-image</c> or <c>image-to-text</c>.</param>
/// <param name="Against">Folder of the other bundle, as given.</param>
/// <param name="Ratio">The first bundle's best median rate divided by the other's.</param>
internal sealed record BestRatio(string Direction, string Against, double Ratio);
