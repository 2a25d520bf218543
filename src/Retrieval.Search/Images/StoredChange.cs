namespace Retrieval.Search.Images;

/// <summary>A change as a store made it.</summary>
/// <param name="Epoch">Epoch of the index with which it is seen.</param>
/// <param name="Visible">Whether this replica's searches see it already.</param>
public sealed record StoredChange(long Epoch, bool Visible);
