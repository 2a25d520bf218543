namespace Retrieval.Search.Ingestion;

/// <summary>An image that is stored again without metadata that the index has of it.</summary>
/// <param name="Id">The image.</param>
/// <param name="Names">Names of the metadata, at least one.</param>
internal sealed record LostMetadata(string Id, IReadOnlyList<string> Names);
