namespace Retrieval.Server.Contracts;

/// <summary>The index that is served.</summary>
/// <param name="Images">Images that can be found.</param>
/// <param name="Captions">Captions that can be found.</param>
/// <param name="Epoch">Generation; increases with every change.</param>
/// <param name="ManifestDamaged">Whether one of the two files of the index's manifest is missing or damaged. The index is intact, and the next write repairs it.</param>
public sealed record IndexCounts(long Images, long Captions, long Epoch, bool ManifestDamaged);
