namespace Retrieval.Search.Images;

/// <summary>A change that a store has made.</summary>
/// <param name="Epoch">First epoch of the index that contains the change.</param>
/// <param name="Visible">Whether this replica's searches see it already.</param>
public sealed record StoredChange(long Epoch, bool Visible);
