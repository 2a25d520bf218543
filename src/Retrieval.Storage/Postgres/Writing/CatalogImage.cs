namespace Retrieval.Storage.Postgres.Writing;

/// <summary>An image that the catalog holds.</summary>
/// <param name="ContentHash">SHA-256 of its source, as given when it was stored.</param>
/// <param name="SourceKey">The source that wrote it; null if none was named.</param>
/// <param name="Metadata">A JSON object in UTF-8; empty if it has none.</param>
public sealed record CatalogImage(ReadOnlyMemory<byte> ContentHash, string? SourceKey, ReadOnlyMemory<byte> Metadata);
