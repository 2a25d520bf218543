namespace Retrieval.Storage.Rows;

/// <summary>A batch of images with their captions.</summary>
public sealed class ImageRows
{
    /// <summary>The images, in the order of the rows.</summary>
    public required IReadOnlyList<ImageEntry> Images { get; init; }

    /// <summary>Key of the source they come from, which a lookup by id returns; null if no source is to own them.</summary>
    public string? SourceKey { get; init; }

    /// <summary>Tensors of the images.</summary>
    public required FieldRows ImageFields { get; init; }

    /// <summary>Tensors of the captions: those of the first image, then those of the second, and so on.</summary>
    public FieldRows CaptionFields { get; init; } = FieldRows.Empty;
}
