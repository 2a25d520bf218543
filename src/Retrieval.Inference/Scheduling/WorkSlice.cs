namespace Retrieval.Inference.Scheduling;

/// <summary>Consecutive units of one request.</summary>
/// <param name="Item">The request.</param>
/// <param name="First">Its first unit in this batch.</param>
/// <param name="Count">How many.</param>
public readonly record struct WorkSlice(WorkItem Item, int First, int Count);
