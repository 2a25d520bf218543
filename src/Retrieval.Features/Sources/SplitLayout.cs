using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Sources;

/// <summary>How rows and lines of a precomputed split map to images.</summary>
/// <param name="Images">Images of the split.</param>
/// <param name="RowsPerImage">Rows of the feature array per image: 1, or the captions per image if every image is stored once per
/// caption.</param>
/// <param name="CaptionsPerImage">Lines of the caption file per image; 0 without a caption file.</param>
internal sealed record SplitLayout(long Images, int RowsPerImage, int CaptionsPerImage)
{
    private const int UsualCaptionsPerImage = 5;
    private const int GroupsTried = 8;

    /// <summary>Finds the layout that fits the files.</summary>
    /// <param name="regions">The feature array.</param>
    /// <param name="captions">The caption file, if there is one.</param>
    /// <param name="captionsPerImage">The known number of captions per image, if any.</param>
    /// <exception cref="InvalidInputException">No layout fits.</exception>
    public static SplitLayout Of(NpyFile regions, LineFile? captions, int? captionsPerImage)
    {
        var rows = regions.RowCount;
        if (captions is null)
        {
            return new SplitLayout(rows, 1, 0);
        }

        var lines = captions.Count;
        if (captionsPerImage is { } known)
        {
            return OfKnown(regions, captions, known);
        }

        if (lines == rows)
        {
            return rows % UsualCaptionsPerImage == 0 && AreRepeated(regions, UsualCaptionsPerImage)
                ? new SplitLayout(rows / UsualCaptionsPerImage, UsualCaptionsPerImage, UsualCaptionsPerImage)
                : new SplitLayout(rows, 1, 1);
        }

        return lines > 0 && lines % rows == 0 && lines / rows <= int.MaxValue
            ? new SplitLayout(rows, 1, (int)(lines / rows))
            : throw new InvalidInputException(
                $"{lines} captions for the {rows} images of {regions.Name}, expected a multiple of the images", captions.Name);
    }

    private static SplitLayout OfKnown(NpyFile regions, LineFile captions, int known)
    {
        var rows = regions.RowCount;
        if (captions.Count == (Int128)rows * known)
        {
            return new SplitLayout(rows, 1, known);
        }

        if (captions.Count != rows || rows % known != 0)
        {
            throw new InvalidInputException(
                $"{captions.Count} captions for the {rows} images of {regions.Name}, expected {(Int128)rows * known} with {Captions(known)} an image", captions.Name);
        }

        return AreRepeated(regions, known)
            ? new SplitLayout(rows / known, known, known)
            : throw new InvalidInputException(
                $"as many captions as images and {Captions(known)} an image: expected each image {known} times in a row, but the images differ", regions.Name);
    }

    private static string Captions(int count) => count == 1 ? "1 caption" : $"{count} captions";

    // Checks a few groups spread over the file. The repetition of each group is checked when it is read.
    private static bool AreRepeated(NpyFile regions, int times)
    {
        var groups = regions.RowCount / times;
        var tried = Math.Min(groups, GroupsTried);
        var repeated = 0;
        var first = new float[regions.RowWidth];
        var other = new float[regions.RowWidth];
        for (var i = 0L; i < tried; i++)
        {
            var row = groups * i / tried * times;
            regions.ReadRows(row, first);
            repeated += Enumerable.Range(1, times - 1).All(n => regions.IsRow(row + n, first, other)) ? 1 : 0;
        }

        // One damaged group must not change the interpretation of the whole file.
        return repeated * 2 > tried;
    }
}
