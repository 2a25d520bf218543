namespace Retrieval.Domain.Bundles;

/// <summary>One named tensor that an explainer gives of a pair.</summary>
/// <param name="Name">Its name: <c>[a-z][a-z0-9_]{0,63}</c>. The graph's output is <c>explain.</c> and this name.</param>
/// <param name="Title">What it is, for people.</param>
/// <param name="Kind">What its values mean.</param>
/// <param name="Axes">Its axes, 1 to 4.</param>
/// <param name="Distribution">Index of the axis along which the values are at least 0 and sum to one; null if there is none.</param>
public sealed record ExplainerOutput(string Name, string Title, ExplainerKind Kind, IReadOnlyList<ExplainerAxis> Axes, int? Distribution)
{
    /// <summary>The graph's name of the output.</summary>
    public string GraphName => "explain." + Name;

    /// <summary>Whether an axis has the length of the caption.</summary>
    public bool NeedsWords => Axes.Any(axis => axis.Kind is ExplainerAxisKind.Words or ExplainerAxisKind.Nodes);

    /// <summary>Its shape for a pair.</summary>
    /// <param name="words">Tokens of the caption, with start and end.</param>
    /// <param name="regions">Regions of the image.</param>
    public int[] Shape(int words, int regions) => [.. Axes.Select(axis => axis.SizeFor(words, regions))];
}
