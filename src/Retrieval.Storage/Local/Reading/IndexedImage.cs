namespace Retrieval.Storage.Local.Reading;

/// <summary>The attributes of one image, without its tensors.</summary>
/// <param name="Slot">Its row in the bank.</param>
/// <param name="Id">The caller's id.</param>
/// <param name="ContentHash">SHA-256 of its source, 32 bytes.</param>
/// <param name="Metadata">A JSON object, UTF-8; empty if there is none.</param>
/// <param name="Boxes">Region boxes, four numbers per region; empty if there are none.</param>
/// <param name="FirstCaption">Slot of its first caption.</param>
/// <param name="CaptionCount">Its captions are in the slots <c>[FirstCaption, FirstCaption + CaptionCount)</c>.</param>
public sealed record IndexedImage(
    long Slot,
    string Id,
    ReadOnlyMemory<byte> ContentHash,
    ReadOnlyMemory<byte> Metadata,
    IReadOnlyList<float> Boxes,
    long FirstCaption,
    int CaptionCount);
