using System.Globalization;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Domain.Text;

namespace Retrieval.Features.Sources;

/// <summary>The rules for every row, whatever its source. Each rule returns the reason for a refusal, or null.</summary>
public static class SampleRules
{
    /// <summary>Maximum number of characters of an id.</summary>
    public const int MaxIdLength = ImageBounds.MaxIdCharacters;

    /// <summary>Maximum number of elements of one image, 16 MiB: 50 times what a published pipeline gives.</summary>
    public const int MaxElements = 4 << 20;

    /// <summary>Refuses features of an unexpected or absurd shape.</summary>
    /// <param name="regionCount">Number of regions.</param>
    /// <param name="regionWidth">Number of features per region.</param>
    /// <param name="expected">What the model needs.</param>
    public static string? CheckShape(long regionCount, long regionWidth, FeatureExpectation expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        if (expected.RegionCount is { } range && !range.Contains(regionCount))
        {
            return $"{Counted.Of(regionCount, "region")}, expected {range}";
        }

        if (expected.RegionWidth is { } width && width != regionWidth)
        {
            return $"regions of {Counted.Of(regionWidth, "feature")}, expected {width}";
        }

        if (regionCount < 1 || regionWidth < 1)
        {
            return $"{ShapeText(regionCount, regionWidth)}, expected at least one of each";
        }

        return regionCount > MaxElements / regionWidth
            ? $"{ShapeText(regionCount, regionWidth)}, expected at most {MaxElements} features an image"
            : null;
    }

    /// <summary>A shape for messages: "36 regions of 2048 features".</summary>
    /// <param name="regionCount">Number of regions.</param>
    /// <param name="regionWidth">Number of features per region.</param>
    public static string ShapeText(long regionCount, long regionWidth) => $"{Counted.Of(regionCount, "region")} of {Counted.Of(regionWidth, "feature")}";

    /// <summary>Refuses NaN and infinity.</summary>
    /// <param name="values"><c>[rows, width]</c>, row-major.</param>
    /// <param name="width">Values per region.</param>
    /// <param name="what">What the values are, for the reason.</param>
    public static string? CheckFinite(ReadOnlySpan<float> values, int width, string what)
    {
        if (Finite.All(values))
        {
            return null;
        }

        var at = Finite.FirstNot(values);
        return $"{what} {at % width} of region {at / width} is {values[at].ToString(CultureInfo.InvariantCulture)}, expected a finite number";
    }

    /// <summary>Refuses an empty or too long id, control characters and lone surrogates.</summary>
    public static string? CheckId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.Length is 0 or > MaxIdLength)
        {
            return $"an id of {id.Length} characters, expected 1 to {MaxIdLength}";
        }

        for (var i = 0; i < id.Length;)
        {
            if (!Rune.TryGetRuneAt(id, i, out var rune) || Rune.IsControl(rune))
            {
                return $"the id holds a control character or half a surrogate pair at character {i}";
            }

            i += rune.Utf16SequenceLength;
        }

        return null;
    }

    /// <summary>Refuses more text than may be stored for an image; the reason names the excess.</summary>
    /// <param name="captions">The image's captions.</param>
    /// <param name="metadata">Its metadata; null if it has none.</param>
    /// <param name="bounds">The limits on what may be stored.</param>
    /// <returns>What exceeds its limit, <c>captions</c> or <c>metadata</c>, and the reason; null if nothing does.</returns>
    public static (string What, string Reason)? CheckBounds(IReadOnlyList<string> captions, IReadOnlyDictionary<string, MetadataValue>? metadata, ImageBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(captions);
        ArgumentNullException.ThrowIfNull(bounds);
        if (bounds.CheckCaptions(captions.Count, captions.Sum(caption => (long)Encoding.UTF8.GetByteCount(caption))) is { } badCaptions)
        {
            return ("captions", badCaptions);
        }

        if (metadata is null)
        {
            return null;
        }

        if (metadata.Count > ImageBounds.MaxMetadataEntries)
        {
            return ("metadata", $"{metadata.Count} entries of metadata, expected at most {ImageBounds.MaxMetadataEntries}");
        }

        if (metadata.Keys.FirstOrDefault(key => key.Length > ImageBounds.MaxKeyCharacters) is { } longKey)
        {
            return ("metadata", $"a key of metadata of {longKey.Length} characters, expected at most {ImageBounds.MaxKeyCharacters}");
        }

        return bounds.CheckMetadata(MetadataJson.Write(metadata).Length) is { } badMetadata ? ("metadata", badMetadata) : null;
    }

    /// <summary>Refuses a caption that has no word or cannot be stored.</summary>
    public static string? CheckCaption(string caption)
    {
        try
        {
            CaptionRules.Check(caption);
            return null;
        }
        catch (InvalidInputException e)
        {
            return e.Reason;
        }
    }
}
