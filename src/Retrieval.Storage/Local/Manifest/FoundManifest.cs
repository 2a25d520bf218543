namespace Retrieval.Storage.Local.Manifest;

/// <summary>The last complete manifest, whether the newest one was torn, and the checksum of its file if it was read from one.</summary>
internal sealed record FoundManifest(IndexManifest Manifest, bool FromPrevious, string Checksum = "");
