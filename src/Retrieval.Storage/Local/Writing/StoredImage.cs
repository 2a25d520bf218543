namespace Retrieval.Storage.Local.Writing;

/// <summary>Location of an image in the index being written, uncommitted rows included.</summary>
/// <param name="Slot">Its slot.</param>
/// <param name="ContentHash">SHA-256 of its source, 32 bytes, as given when it was appended.</param>
/// <param name="SourceKey">The source that wrote it; null if none was named.</param>
/// <param name="Metadata">A JSON object in UTF-8; empty if it has none, or if their location is damaged.</param>
public readonly record struct StoredImage(long Slot, ReadOnlyMemory<byte> ContentHash, string? SourceKey, ReadOnlyMemory<byte> Metadata);
