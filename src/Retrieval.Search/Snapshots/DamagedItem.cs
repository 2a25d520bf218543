namespace Retrieval.Search.Snapshots;

/// <summary>An item that a search met and left out, since what is stored of it is damaged.</summary>
/// <param name="Kind">Which of its data: one of <see cref="StoredData"/>.</param>
/// <param name="Slot">Its row in the index's images or captions.</param>
/// <param name="Last">Whether this is the last one that is told of this index; what is met after it is only counted.</param>
public sealed record DamagedItem(string Kind, long Slot, bool Last);
