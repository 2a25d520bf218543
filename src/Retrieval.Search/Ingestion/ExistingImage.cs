namespace Retrieval.Search.Ingestion;

/// <summary>An image that is already there.</summary>
/// <param name="ContentHash">SHA-256 of its source, 32 bytes.</param>
/// <param name="SourceKey">The source that wrote it; null if nobody owns it.</param>
public readonly record struct ExistingImage(ReadOnlyMemory<byte> ContentHash, string? SourceKey);
