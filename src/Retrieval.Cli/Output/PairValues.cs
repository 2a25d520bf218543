using Retrieval.Domain.Bundles;
using Retrieval.Search.Explaining;

namespace Retrieval.Cli.Output;

/// <summary>An explanation's outputs, by what can be shown of them: of each word, of each region, and between both.</summary>
internal sealed class PairValues
{
    private static readonly string Words = ExplainerAxisKind.Words.ToName();
    private static readonly string Regions = ExplainerAxisKind.Regions.ToName();

    public PairValues(PairExplanation explanation)
    {
        var outputs = explanation.Outputs;
        OfWords = [.. outputs.Where(output => output.Axes is [var axis] && axis == Words)];
        OfRegions = [.. outputs.Where(output => output.Axes is [var axis] && axis == Regions)];
        Between = [.. outputs.Select(WordRegionValues.Of).OfType<WordRegionValues>()];
        Others = [.. outputs.Except(OfWords).Except(OfRegions).Except(Between.Select(values => values.Output))];
    }

    /// <summary>One value a word.</summary>
    public IReadOnlyList<ExplainedValues> OfWords { get; }

    /// <summary>One value a region.</summary>
    public IReadOnlyList<ExplainedValues> OfRegions { get; }

    /// <summary>One value for each word and region.</summary>
    public IReadOnlyList<WordRegionValues> Between { get; }

    /// <summary>All others.</summary>
    public IReadOnlyList<ExplainedValues> Others { get; }

    /// <summary>The attention that a picture shows: of words over regions if there is one. Null if there is none between them.</summary>
    public WordRegionValues? Attention =>
        Between.Where(values => values.Output.Kind == ExplainerKind.Attention.ToName()).OrderByDescending(values => values.IsOverRegions).FirstOrDefault();
}
