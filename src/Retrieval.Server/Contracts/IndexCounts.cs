namespace Retrieval.Server.Contracts;

/// <summary>The index as it is being served.</summary>
/// <param name="Images">Images that can be found.</param>
/// <param name="Captions">Captions that can be found.</param>
/// <param name="Epoch">Generation; grows with every change.</param>
/// <param name="ManifestDamaged">Whether one of the two files of the index's manifest is missing or damaged. The index is whole, and the next write mends it.</param>
public sealed record IndexCounts(long Images, long Captions, long Epoch, bool ManifestDamaged);
