using Retrieval.Domain.Bundles;
using Retrieval.Inference.Explaining;

namespace Retrieval.Search.Explaining;

/// <summary>One output of the explainer, as an answer gives it.</summary>
/// <param name="Name">Its name in the bundle.</param>
/// <param name="Title">What it is, for people.</param>
/// <param name="Kind"><c>attention</c>, <c>gate</c>, <c>weight</c>, <c>relation</c> or <c>importance</c>.</param>
/// <param name="Axes">
/// What each axis runs over: <c>words</c>, <c>regions</c>, <c>nodes</c> (the whole pair, then the words), or <c>fixed</c> where its size
/// depends on the model alone.
/// </param>
/// <param name="Shape">The size of each axis.</param>
/// <param name="Distribution">The axis along which the values are at least 0 and sum to one; null if there is none.</param>
/// <param name="DistributionAxis">The same as an index of <paramref name="Axes"/>, which may hold a name twice.</param>
/// <param name="Values">Row by row: the last axis varies fastest. Finite.</param>
public sealed record ExplainedValues(
    string Name, string Title, string Kind, IReadOnlyList<string> Axes, IReadOnlyList<int> Shape, string? Distribution, int? DistributionAxis, float[] Values)
{
    internal static ExplainedValues Of(ExplainedOutput output)
    {
        var spec = output.Spec;
        string[] axes = [.. spec.Axes.Select(axis => axis.Kind.ToName())];
        return new ExplainedValues(
            spec.Name, spec.Title, spec.Kind.ToName(), axes, output.Shape, spec.Distribution is { } axis ? axes[axis] : null, spec.Distribution, output.Values);
    }
}
