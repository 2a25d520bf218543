namespace Retrieval.Storage.Local.Reading;

/// <summary>The attributes of one caption, without its tensors.</summary>
/// <param name="Slot">Its row in the bank.</param>
/// <param name="ImageSlot">Slot of the image it describes.</param>
/// <param name="Position">Its position among that image's captions, from 0.</param>
/// <param name="Text">The caption.</param>
public sealed record IndexedCaption(long Slot, long ImageSlot, int Position, string Text);
