using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Writing;

/// <summary>An index that is ready to be written.</summary>
/// <param name="Manifest">Its last commit.</param>
/// <param name="Store">Its files, at the lengths of that commit.</param>
/// <param name="Ids">Its live ids.</param>
/// <param name="Previous">Whether the newest manifest was torn and this goes on from the one before.</param>
internal sealed record OpenedIndex(IndexManifest Manifest, IndexStore Store, LiveIds Ids, bool Previous);
