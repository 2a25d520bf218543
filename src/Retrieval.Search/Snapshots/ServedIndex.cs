namespace Retrieval.Search.Snapshots;

/// <summary>An index of the catalog, as stored on a replica's own disk.</summary>
/// <param name="Folder">Folder of the local index.</param>
/// <param name="Name">The index's name in the catalog.</param>
/// <param name="IndexId">Its number there.</param>
/// <param name="Fingerprint">Fingerprint of the bundle it was made with.</param>
public sealed record ServedIndex(string Folder, string Name, int IndexId, string Fingerprint);
