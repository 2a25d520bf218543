using Retrieval.Domain.Errors;

namespace Retrieval.Search.Evaluation;

/// <summary>A part of a corpus that is evaluated by itself, or all of it: what is ranked, and the queries.</summary>
/// <param name="Name">E.g. <c>fold 2 of 5</c>; null if there is only one.</param>
/// <param name="Ranges">Its images and captions.</param>
/// <param name="ImageQueries">Slots of the images that are queries.</param>
/// <param name="CaptionQueries">Slots of the captions that are queries.</param>
internal sealed record EvaluationFold(string? Name, CaptionRanges Ranges, int[] ImageQueries, int[] CaptionQueries)
{
    /// <summary>
    /// Whether one pass of the text-to-image scorer over all pairs gives both directions' full rankings. A sample of the queries
    /// has other pairs in each direction.
    /// </summary>
    public bool OnePass { get; private init; }

    /// <param name="ranges">The corpus.</param>
    /// <param name="name">The corpus, as an error names it.</param>
    /// <param name="options">How many folds and queries.</param>
    /// <exception cref="InvalidInputException">The corpus cannot be divided.</exception>
    public static IReadOnlyList<EvaluationFold> Of(CaptionRanges ranges, string name, EvaluationOptions options)
    {
        var parts = options.Folds == 1 ? [ranges] : ranges.Folds(options.Folds, name);
        return [.. parts.Select((part, number) => OfPart(part, parts.Count == 1 ? null : $"fold {number + 1} of {parts.Count}", options))];
    }

    /// <summary>Pairs to be scored, without candidates that only pgvector lists.</summary>
    /// <param name="longest">The longest shortlist; 0 for none.</param>
    /// <param name="full">Whether the queries are scored with every candidate.</param>
    public long Pairs(int longest, bool full)
    {
        long images = Ranges.Images.Length, captions = Ranges.Captions.Length;
        var ofText = CaptionQueries.Length * (full ? images : Math.Min(longest, images));
        var ofImages = ImageQueries.Length * (full && !OnePass ? captions : Math.Min(longest, captions));
        return ofText + ofImages;
    }

    private static EvaluationFold OfPart(CaptionRanges ranges, string? name, EvaluationOptions options)
    {
        var images = QuerySample.Of(ranges.ImagesWithCaptions, options.Queries);
        var captions = QuerySample.Of(ranges.Captions, options.Queries);
        return new EvaluationFold(name, ranges, images, captions)
        {
            OnePass = options.Full && images.Length == ranges.ImagesWithCaptions.Length && captions.Length == ranges.Captions.Length,
        };
    }
}
