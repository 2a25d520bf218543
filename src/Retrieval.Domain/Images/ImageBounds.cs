using System.ComponentModel.DataAnnotations;

namespace Retrieval.Domain.Images;

/// <summary>
/// Limits on what is stored of an image and returned in answers. The properties are chosen by a deployment and apply at every
/// entry point: a <c>PUT</c>, and ingestions over HTTP and by the command line. The constants belong to the format: every writer
/// of an index or a catalog refuses what exceeds them, and no choice can exceed them. Boxes need no limit of their own: there are
/// as many as the model takes regions.
/// </summary>
public sealed record ImageBounds
{
    /// <summary>Maximum number of characters (UTF-16 code units) of an id, at the entry points.</summary>
    public const int MaxIdCharacters = 256;

    /// <summary>Maximum number of bytes of an id in UTF-8, in the format.</summary>
    public const int MaxIdBytes = 1024;

    /// <summary>Maximum number of entries of an image's metadata.</summary>
    public const int MaxMetadataEntries = 64;

    /// <summary>Maximum number of characters (UTF-16 code units) of a metadata key.</summary>
    public const int MaxKeyCharacters = 256;

    /// <summary>Maximum number of significant digits of a number in metadata, at the entry points. Zeros at either end do not count.</summary>
    public const int MaxNumberDigits = 64;

    /// <summary>Maximum decimal exponent of a number in metadata, and with a minus the minimum, at the entry points: that of its first significant digit.</summary>
    public const int MaxNumberExponent = 400;

    /// <summary>Maximum number of bytes of an image's metadata, in the format: 1 MiB.</summary>
    public const int MostMetadataBytes = 1 << 20;

    /// <summary>Maximum number of captions of an image, in the format.</summary>
    public const int MostCaptions = 10_000;

    /// <summary>Maximum number of bytes of all captions of an image in UTF-8, in the format: 1 MiB.</summary>
    public const int MostCaptionBytes = 1 << 20;

    /// <summary>Maximum nesting depth of metadata, where a writer of the catalog gives more than names and values.</summary>
    public const int MaxMetadataDepth = 64;

    /// <summary>Maximum number of bytes of an image's metadata, as compact JSON in UTF-8.</summary>
    [Range(2, MostMetadataBytes)]
    public int MaxMetadataBytes { get; init; } = 16 << 10;

    /// <summary>Maximum number of captions of an image.</summary>
    [Range(1, MostCaptions)]
    public int MaxCaptions { get; init; } = 1000;

    /// <summary>Maximum number of bytes of all captions of an image together, in UTF-8.</summary>
    [Range(64, MostCaptionBytes)]
    public int MaxCaptionBytes { get; init; } = 256 << 10;

    /// <summary>The default bounds.</summary>
    public static readonly ImageBounds Default = new();

    /// <summary>The bounds of the format.</summary>
    public static readonly ImageBounds OfFormat = new() { MaxMetadataBytes = MostMetadataBytes, MaxCaptions = MostCaptions, MaxCaptionBytes = MostCaptionBytes };

    /// <summary>
    /// Maximum number of bytes that the stored texts of one image take in an answer. In JSON one byte of a text may become six;
    /// one byte of an id, which has no control characters, may become two.
    /// </summary>
    public long LargestAnswerBytes() => MaxMetadataBytes + (6L * MaxCaptionBytes) + (MaxCaptions * ((2L * MaxIdBytes) + 32));

    /// <summary>Refuses too many captions, or captions that are too long together.</summary>
    /// <param name="captions">Captions of the image.</param>
    /// <param name="bytes">Their bytes in UTF-8.</param>
    /// <returns>The reason, or null.</returns>
    public string? CheckCaptions(int captions, long bytes) =>
        captions > MaxCaptions ? $"{captions} captions, expected at most {MaxCaptions} an image"
        : bytes > MaxCaptionBytes ? $"{bytes} bytes of captions together, expected at most {MaxCaptionBytes} an image"
        : null;

    /// <summary>Refuses metadata that is too long.</summary>
    /// <param name="bytes">Bytes of the JSON text.</param>
    /// <returns>The reason, or null.</returns>
    public string? CheckMetadata(long bytes) =>
        bytes > MaxMetadataBytes ? $"{bytes} bytes of metadata as compact JSON, expected at most {MaxMetadataBytes} an image" : null;
}
