namespace Retrieval.Storage.Shortlist;

/// <summary>One candidate: a slot of the bank and the inner product of its embedding with the query's.</summary>
public readonly record struct ShortlistHit(long Slot, float Score);
