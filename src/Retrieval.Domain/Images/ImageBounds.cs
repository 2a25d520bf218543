using System.ComponentModel.DataAnnotations;

namespace Retrieval.Domain.Images;

/// <summary>
/// Bounds on what is stored of an image and comes back in answers. The properties are what a deployment chooses, and every door
/// keeps to: a <c>PUT</c>, ingestions over HTTP and by the command line. The constants are those of the format: every writer
/// of an index or a catalog refuses what is beyond them, and no choice goes beyond them. Boxes need no bound of their own: there
/// are as many as the model takes regions.
/// </summary>
public sealed record ImageBounds
{
    /// <summary>Characters (UTF-16 code units) of an id at most, at the doors.</summary>
    public const int MaxIdCharacters = 256;

    /// <summary>Bytes of an id in UTF-8 at most, in the format.</summary>
    public const int MaxIdBytes = 1024;

    /// <summary>Entries of an image's metadata at most.</summary>
    public const int MaxMetadataEntries = 64;

    /// <summary>Characters (UTF-16 code units) of a metadata key at most.</summary>
    public const int MaxKeyCharacters = 256;

    /// <summary>Bytes of an image's metadata at most, in the format: 1 MiB.</summary>
    public const int MostMetadataBytes = 1 << 20;

    /// <summary>Captions of an image at most, in the format.</summary>
    public const int MostCaptions = 10_000;

    /// <summary>Bytes of all captions of an image in UTF-8 at most, in the format: 1 MiB.</summary>
    public const int MostCaptionBytes = 1 << 20;

    /// <summary>Depth to which metadata may nest, where a writer of the catalog gives more than names and values.</summary>
    public const int MaxMetadataDepth = 64;

    /// <summary>Bytes of an image's metadata as compact JSON in UTF-8.</summary>
    [Range(2, MostMetadataBytes)]
    public int MaxMetadataBytes { get; init; } = 16 << 10;

    /// <summary>Captions of an image.</summary>
    [Range(1, MostCaptions)]
    public int MaxCaptions { get; init; } = 1000;

    /// <summary>Bytes of all captions of an image together, in UTF-8.</summary>
    [Range(64, MostCaptionBytes)]
    public int MaxCaptionBytes { get; init; } = 256 << 10;

    /// <summary>What holds where nothing else was chosen.</summary>
    public static readonly ImageBounds Default = new();

    /// <summary>The bounds of the format.</summary>
    public static readonly ImageBounds OfFormat = new() { MaxMetadataBytes = MostMetadataBytes, MaxCaptions = MostCaptions, MaxCaptionBytes = MostCaptionBytes };

    /// <summary>
    /// Most bytes that the stored texts of one image take in an answer: in JSON one byte of a text may become six, of an id,
    /// which has no control characters, two.
    /// </summary>
    public long LargestAnswerBytes() => MaxMetadataBytes + (6L * MaxCaptionBytes) + (MaxCaptions * ((2L * MaxIdBytes) + 32));

    /// <summary>Refuses captions that are too many or too long together.</summary>
    /// <param name="captions">Captions of the image.</param>
    /// <param name="bytes">Their bytes in UTF-8.</param>
    /// <returns>The reason, or null.</returns>
    public string? CheckCaptions(int captions, long bytes) =>
        captions > MaxCaptions ? $"{captions} captions, expected at most {MaxCaptions} an image"
        : bytes > MaxCaptionBytes ? $"{bytes} bytes of captions together, expected at most {MaxCaptionBytes} an image"
        : null;

    /// <summary>Refuses metadata that are too long.</summary>
    /// <param name="bytes">Bytes of the JSON text.</param>
    /// <returns>The reason, or null.</returns>
    public string? CheckMetadata(long bytes) =>
        bytes > MaxMetadataBytes ? $"{bytes} bytes of metadata as compact JSON, expected at most {MaxMetadataBytes} an image" : null;
}
