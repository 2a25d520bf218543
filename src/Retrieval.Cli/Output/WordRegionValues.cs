using Retrieval.Domain.Bundles;
using Retrieval.Search.Explaining;

namespace Retrieval.Cli.Output;

/// <summary>An output with one value for each word and region, in either order of the axes.</summary>
internal sealed class WordRegionValues
{
    private readonly bool _wordsFirst;

    private WordRegionValues(ExplainedValues output, bool wordsFirst) => (Output, _wordsFirst) = (output, wordsFirst);

    public ExplainedValues Output { get; }

    public int Words => Output.Shape[_wordsFirst ? 0 : 1];

    public int Regions => Output.Shape[_wordsFirst ? 1 : 0];

    /// <summary>Whether the values of a word sum to one.</summary>
    public bool IsOverRegions => Output.Distribution == ExplainerAxisKind.Regions.ToName();

    /// <summary>Whether the values of a region sum to one.</summary>
    public bool IsOverWords => Output.Distribution == ExplainerAxisKind.Words.ToName();

    public float this[int word, int region] => Output.Values[_wordsFirst ? (word * Regions) + region : (region * Words) + word];

    /// <summary>Null if the output is not between words and regions.</summary>
    public static WordRegionValues? Of(ExplainedValues output)
    {
        var (words, regions) = (ExplainerAxisKind.Words.ToName(), ExplainerAxisKind.Regions.ToName());
        return output.Axes is [var first, var second] && ((first == words && second == regions) || (first == regions && second == words))
            ? new WordRegionValues(output, first == words)
            : null;
    }

    /// <summary>The regions with the largest values of a word.</summary>
    public IEnumerable<int> TopRegions(int word, int count) =>
        Enumerable.Range(0, Regions).OrderByDescending(region => this[word, region]).Take(count);

    /// <summary>The words with the largest values of a region.</summary>
    public IEnumerable<int> TopWords(int region, int count) =>
        Enumerable.Range(0, Words).OrderByDescending(word => this[word, region]).Take(count);
}
