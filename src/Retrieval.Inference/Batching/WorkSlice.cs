namespace Retrieval.Inference.Batching;

/// <summary>Consecutive pieces of one request.</summary>
/// <param name="Item">The request.</param>
/// <param name="First">Its first piece in this call.</param>
/// <param name="Count">How many.</param>
public readonly record struct WorkSlice(WorkItem Item, int First, int Count);
