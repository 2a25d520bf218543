using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Tsv;

/// <summary>Reads one line of a detector's file.</summary>
internal static class TsvLine
{
    /// <summary>Features per region in the output of the published detectors.</summary>
    public const int UsualRegionWidth = 2048;

    private const int MaxPixels = 1 << 20;
    private const int BoxWidth = 4;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The longest line that can hold an image, in bytes.</summary>
    public static int MaxBytes { get; } = Base64.GetMaxEncodedToUtf8Length(SampleRules.MaxElements * sizeof(float)) + (1 << 20);

    /// <summary>Reads only the id.</summary>
    /// <returns>The id, or null if the line has no valid one in its column.</returns>
    public static string? ReadId(ReadOnlySpan<byte> line, TsvColumns columns)
    {
        for (var i = 0; i < columns.Id; i++)
        {
            line = line[(line.IndexOf((byte)'\t') + 1)..];
        }

        var end = line.IndexOf((byte)'\t');
        if (end < 0 && columns.Id == columns.Count - 1)
        {
            end = line.TrimEnd((byte)'\r').Length;
        }

        if (end < 0 || end > SampleRules.MaxIdLength * 4)
        {
            return null;
        }

        try
        {
            var id = StrictUtf8.GetString(line[..end]).Trim();
            return SampleRules.CheckId(id) is null ? id : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Reads a line whose id is known.</summary>
    /// <param name="line">The line without its line break.</param>
    /// <param name="row">The line's number, from 0.</param>
    /// <param name="id">The image's id.</param>
    /// <param name="columns">Which column holds what.</param>
    /// <param name="expected">What the model needs.</param>
    /// <param name="sample">The image without captions, if it is not refused.</param>
    /// <returns>The reason for a refusal, or null.</returns>
    public static string? TryRead(ReadOnlySpan<byte> line, long row, string id, TsvColumns columns, FeatureExpectation expected, out ImageSample? sample)
    {
        sample = null;
        line = line.TrimEnd((byte)'\r');
        var found = line.Count((byte)'\t') + 1;
        if (found != columns.Count)
        {
            return $"{Counted.Of(found, "column")}, expected {columns.Count}";
        }

        Span<Range> at = stackalloc Range[columns.Count];
        found = 0;
        foreach (var column in line.Split((byte)'\t'))
        {
            at[found++] = column;
        }

        var (imageWidth, imageHeight) = (0, 0);
        if ((columns.Width >= 0 && !TryParseCount(line[at[columns.Width]], out imageWidth)) || (columns.Height >= 0 && !TryParseCount(line[at[columns.Height]], out imageHeight)))
        {
            return $"the image's width and height, expected whole numbers from 1 to {MaxPixels}";
        }

        if (!TryParseCount(line[at[columns.Boxes]], out var count))
        {
            return "the number of boxes, expected a whole number from 1";
        }

        var width = expected.RegionWidth ?? UsualRegionWidth;
        if (SampleRules.CheckShape(count, width, expected) is { } badShape)
        {
            return badShape;
        }

        float[]? boxes = null;
        if (columns.Corners >= 0 && TryDecode(line[at[columns.Corners]], count, BoxWidth, "boxes", "coordinate", out boxes) is { } badBoxes)
        {
            return badBoxes;
        }

        if (TryDecode(line[at[columns.Features]], count, width, "features", "feature", out var regions) is { } badRegions)
        {
            return badRegions;
        }

        sample = new ImageSample(row, id)
        {
            Regions = regions,
            RegionCount = count,
            RegionWidth = width,
            Boxes = boxes is null ? null : (ReadOnlyMemory<float>?)boxes,
            Metadata = columns.Width < 0 || columns.Height < 0 ? null : new Dictionary<string, MetadataValue>
            {
                ["image_w"] = MetadataValue.Of(imageWidth),
                ["image_h"] = MetadataValue.Of(imageHeight),
            },
        };
        return null;
    }

    private static bool TryParseCount(ReadOnlySpan<byte> text, out int value) =>
        Utf8Parser.TryParse(text, out value, out var used) && used == text.Length && value is >= 1 and <= MaxPixels;

    private static string? TryDecode(ReadOnlySpan<byte> text, int count, int width, string column, string what, out float[] values)
    {
        // Check the length first: it distinguishes a torn field from a damaged one, and needs no memory for either.
        values = [];
        var bytes = count * width * sizeof(float);
        var expected = Base64.GetMaxEncodedToUtf8Length(bytes);
        if (text.Length != expected)
        {
            return $"the {column} take {text.Length} characters of base64, expected {expected} for {count} × {width} single-precision numbers";
        }

        values = GC.AllocateUninitializedArray<float>(count * width);
        var destination = MemoryMarshal.AsBytes(values.AsSpan());
        if (Base64.DecodeFromUtf8(text, destination, out _, out var written) != OperationStatus.Done || written != bytes)
        {
            return $"the {column} are not valid base64 of {bytes} bytes";
        }

        return SampleRules.CheckFinite(values, width, what);
    }
}
