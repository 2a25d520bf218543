namespace Retrieval.Storage.Local.Files;

/// <summary>An attribute of variable length: the bytes of all items, and for each item the byte behind its last.</summary>
internal sealed record BlobFiles(IndexFile Bytes, IndexFile Ends);
