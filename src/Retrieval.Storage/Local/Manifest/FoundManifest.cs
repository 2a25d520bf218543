namespace Retrieval.Storage.Local.Manifest;

/// <summary>The last complete manifest, and whether the newest one was torn.</summary>
internal sealed record FoundManifest(IndexManifest Manifest, bool FromPrevious);
