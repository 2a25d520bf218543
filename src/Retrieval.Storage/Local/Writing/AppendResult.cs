namespace Retrieval.Storage.Local.Writing;

/// <summary>The result of an append. Readers see its rows after the next commit.</summary>
/// <param name="FirstSlot">Slot of the batch's first image; the others follow.</param>
/// <param name="Added">Images with a new id.</param>
/// <param name="Replaced">Images that tombstoned an earlier one of the same id.</param>
public sealed record AppendResult(long FirstSlot, int Added, int Replaced);
