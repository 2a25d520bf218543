namespace Retrieval.Search.Snapshots;

/// <summary>An item that a search left out because its stored data is damaged.</summary>
/// <param name="Kind">Which of its data: one of <see cref="StoredData"/>.</param>
/// <param name="Slot">Its row in the index's images or captions.</param>
/// <param name="Last">Whether this is the last one reported for this index; later ones are only counted.</param>
public sealed record DamagedItem(string Kind, long Slot, bool Last);
