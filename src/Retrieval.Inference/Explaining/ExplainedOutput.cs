using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Explaining;

/// <summary>One output of an explainer for one pair.</summary>
/// <param name="Spec">What it is.</param>
/// <param name="Shape">Its sizes along <see cref="ExplainerOutput.Axes"/>.</param>
/// <param name="Values">Its values, row-major.</param>
public sealed record ExplainedOutput(ExplainerOutput Spec, int[] Shape, float[] Values);
