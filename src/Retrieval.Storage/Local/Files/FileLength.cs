namespace Retrieval.Storage.Local.Files;

/// <summary>Committed length of one file.</summary>
internal sealed record FileLength(string Path, long Bytes);
