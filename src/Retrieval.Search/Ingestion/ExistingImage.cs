namespace Retrieval.Search.Ingestion;

/// <summary>An image that the index already holds.</summary>
/// <param name="ContentHash">SHA-256 of its source, 32 bytes.</param>
/// <param name="SourceKey">The source that wrote it; null if no source owns it.</param>
/// <param name="Metadata">A JSON object in UTF-8; empty if it has none.</param>
public readonly record struct ExistingImage(ReadOnlyMemory<byte> ContentHash, string? SourceKey, ReadOnlyMemory<byte> Metadata);
