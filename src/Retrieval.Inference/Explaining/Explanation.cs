using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Explaining;

/// <summary>How the score of one pair comes about.</summary>
/// <param name="Transformed">t(score), as the scorers give it; see <see cref="BundleManifest.Transform"/>.</param>
/// <param name="Words">Tokens of the caption, with start and end: the size of the axis of words. 0 if no output has such an axis.</param>
/// <param name="Outputs">The bundle's outputs, in its order.</param>
public sealed record Explanation(float Transformed, int Words, IReadOnlyList<ExplainedOutput> Outputs);
