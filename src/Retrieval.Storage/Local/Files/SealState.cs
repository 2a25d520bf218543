namespace Retrieval.Storage.Local.Files;

/// <summary>The committed state of the list of checksums: their number, and the SHA-256 of them all.</summary>
internal sealed record SealState(long Count, string Sha256);
