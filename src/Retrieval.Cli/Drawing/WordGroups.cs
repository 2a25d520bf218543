using Retrieval.Cli.Output;
using SkiaSharp;

namespace Retrieval.Cli.Drawing;

/// <summary>
/// The words of a caption by the region that each attends to most: words that look at one region share a colour. Without an
/// attention each word is by itself, and no region is anybody's.
/// </summary>
internal sealed class WordGroups
{
    // The golden angle: however many groups there are, no two colours of neighbours are alike.
    private const float Angle = 137.508f;
    private const float FirstHue = 200;

    private readonly WordRegionValues? _attention;
    private readonly List<int?> _regions = [];
    private readonly Dictionary<int, int> _groups = [];
    private readonly float _largest;

    /// <param name="words">Tokens of the caption, with start and end.</param>
    /// <param name="attention">The attention between words and regions; null if there is none.</param>
    public WordGroups(int words, WordRegionValues? attention)
    {
        // The start and the end of a caption are no words that anybody wrote.
        Words = [.. Enumerable.Range(1, Math.Max(0, words - 2))];
        _attention = Words.Count == 0 ? null : attention;
        foreach (var word in Words)
        {
            var region = _attention?.TopRegions(word, 1).First();
            _regions.Add(region);
            _groups[word] = region is null || _regions.IndexOf(region) == _regions.Count - 1
                ? _groups.Values.DefaultIfEmpty(-1).Max() + 1
                : _groups[Words[_regions.IndexOf(region)]];
            _largest = region is { } at ? Math.Max(_largest, _attention![word, at]) : 0;
        }
    }

    /// <summary>The words, without start and end.</summary>
    public IReadOnlyList<int> Words { get; }

    /// <summary>A word's colour.</summary>
    public SKColor Colour(int word) => SKColor.FromHsl((FirstHue + (_groups[word] * Angle)) % 360, 75, 40);

    /// <summary>The words that attend to a region most.</summary>
    public IEnumerable<int> Of(int region) => Words.Where((_, i) => _regions[i] == region);

    /// <summary>The word with the most attention on a region, and that attention as a share of the largest of all.</summary>
    public (int Word, float Share)? Most(int region)
    {
        if (_attention is null || _largest <= 0)
        {
            return null;
        }

        var word = Words.MaxBy(word => _attention[word, region]);
        return (word, Math.Clamp(_attention[word, region] / _largest, 0, 1));
    }
}
