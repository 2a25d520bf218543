namespace Retrieval.Domain.Bundles;

/// <summary>An axis of an explainer's output.</summary>
/// <param name="Kind">What it runs over.</param>
/// <param name="Size">Its size if that is fixed, otherwise 0.</param>
public readonly record struct ExplainerAxis(ExplainerAxisKind Kind, int Size = 0)
{
    /// <summary>Its size for a pair.</summary>
    /// <param name="words">Tokens of the caption, with start and end.</param>
    /// <param name="regions">Regions of the image.</param>
    public int SizeFor(int words, int regions) => Kind switch
    {
        ExplainerAxisKind.Words => words,
        ExplainerAxisKind.Regions => regions,
        ExplainerAxisKind.Nodes => words + 1,
        ExplainerAxisKind.Fixed => Size,
        _ => throw new ArgumentOutOfRangeException(nameof(words), Kind, "unknown kind of axis"),
    };
}
