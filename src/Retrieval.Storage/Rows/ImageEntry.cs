namespace Retrieval.Storage.Rows;

/// <summary>One image of a batch, without its tensors.</summary>
/// <param name="Id">The caller's id, unique in the index; 1 to 1024 bytes of UTF-8.</param>
/// <param name="ContentHash">SHA-256 of its source, 32 bytes; distinguishes an unchanged image from a changed one.</param>
/// <param name="Captions">Texts of its captions, in order; may be empty.</param>
public sealed record ImageEntry(string Id, ReadOnlyMemory<byte> ContentHash, IReadOnlyList<string> Captions)
{
    /// <summary>
    /// A JSON object, UTF-8; empty if there is none. Stored unchanged. Bounded by
    /// <see cref="Domain.Images.ImageBounds.OfFormat"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Metadata { get; init; }

    /// <summary>Region boxes, four numbers per region; empty if there are none.</summary>
    public ReadOnlyMemory<float> Boxes { get; init; }
}
