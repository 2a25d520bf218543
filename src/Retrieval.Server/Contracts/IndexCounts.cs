namespace Retrieval.Server.Contracts;

/// <summary>The index as it is being served.</summary>
/// <param name="Images">Images that can be found.</param>
/// <param name="Captions">Captions that can be found.</param>
/// <param name="Epoch">Generation; grows with every change.</param>
/// <param name="OpenedPrevious">Whether this is the generation before the newest, whose manifest cannot be read.</param>
public sealed record IndexCounts(long Images, long Captions, long Epoch, bool OpenedPrevious);
