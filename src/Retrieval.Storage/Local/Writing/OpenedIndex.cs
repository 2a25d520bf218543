using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Writing;

/// <summary>An index that is ready to be written.</summary>
/// <param name="Manifest">Its last commit.</param>
/// <param name="Store">Its files, at the lengths of that commit.</param>
/// <param name="Ids">Its live ids.</param>
/// <param name="Faults">What was wrong with the manifest's files, which are whole again.</param>
internal sealed record OpenedIndex(IndexManifest Manifest, IndexStore Store, LiveIds Ids, IReadOnlyList<ManifestFault> Faults);
