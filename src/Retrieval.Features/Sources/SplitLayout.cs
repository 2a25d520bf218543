using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Npy;

namespace Retrieval.Features.Sources;

/// <summary>How rows and lines of a precomputed split map to images.</summary>
/// <param name="Images">Images of the split.</param>
/// <param name="RowsPerImage">Rows of the feature array per image: 1, or more if every image is stored so many times in
/// succession, usually once per caption.</param>
/// <param name="CaptionsPerImage">Lines of the caption file per image; 0 without a caption file.</param>
internal sealed record SplitLayout(long Images, int RowsPerImage, int CaptionsPerImage)
{
    /// <summary>Finds the layout that fits the files.</summary>
    /// <param name="regions">The feature array.</param>
    /// <param name="captions">The caption file, if there is one.</param>
    /// <param name="ids">The id file, if there is one.</param>
    /// <param name="captionsPerImage">The known number of captions per image, if any.</param>
    /// <exception cref="InvalidInputException">No layout fits.</exception>
    public static SplitLayout Of(NpyFile regions, LineFile? captions, LineFile? ids, int? captionsPerImage)
    {
        var rows = regions.RowCount;
        if (captions is null)
        {
            if (captionsPerImage is { } needless)
            {
                throw new InvalidInputException($"{Counted.Of(needless, "caption")} an image were named, and the split has no caption file", regions.Name);
            }

            // Rows with ids of their own are images of their own, whatever they hold.
            var times = RepeatedRows.Of(regions);
            times = ids?.Count == rows && ids.ReadFrom(0).Take(times).Distinct().Count() > 1 ? 1 : times;
            return new SplitLayout(rows / times, times, 0);
        }

        var lines = captions.Count;
        if (captionsPerImage is { } known)
        {
            return OfKnown(regions, captions, known);
        }

        if (RepeatedRows.Of(regions) is > 1 and var repeated && lines > 0 && lines % (rows / repeated) == 0 && lines / (rows / repeated) <= int.MaxValue)
        {
            return new SplitLayout(rows / repeated, repeated, (int)(lines / (rows / repeated)));
        }

        return lines > 0 && lines % rows == 0 && lines / rows <= int.MaxValue
            ? new SplitLayout(rows, 1, (int)(lines / rows))
            : throw new InvalidInputException(
                $"{Counted.Of(lines, "caption")} for the {Counted.Of(rows, "image")} of {regions.Name}, expected a multiple of the images", captions.Name);
    }

    /// <summary>For people: what was told from the files.</summary>
    public IReadOnlyList<string> Notes(string regions, string? captions)
    {
        var notes = new List<string>();
        if (RowsPerImage > 1)
        {
            notes.Add($"{regions}: every image stands there {RowsPerImage} times in succession and is stored once: {Counted.Of(Images, "image")}");
        }

        if (captions is not null)
        {
            notes.Add($"{captions}: {Counted.Of(CaptionsPerImage, "caption")} an image, told from the number of lines alone; a line that is missing would shift all that follow");
        }

        return notes;
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
                $"{Counted.Of(captions.Count, "caption")} for the {Counted.Of(rows, "image")} of {regions.Name}, expected {(Int128)rows * known} with {Counted.Of(known, "caption")} an image", captions.Name);
        }

        return RepeatedRows.Are(regions, known)
            ? new SplitLayout(rows / known, known, known)
            : throw new InvalidInputException(
                $"as many captions as images and {Counted.Of(known, "caption")} an image: expected each image {known} times in a row, but the images differ", regions.Name);
    }
}
