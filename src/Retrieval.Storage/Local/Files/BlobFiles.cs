namespace Retrieval.Storage.Local.Files;

/// <summary>An attribute of variable length: the bytes of all items, and for each item its exclusive end byte.</summary>
internal sealed record BlobFiles(IndexFile Bytes, IndexFile Ends);
