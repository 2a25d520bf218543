namespace Retrieval.Inference.Batching;

/// <summary>When a request's work is no longer wanted.</summary>
/// <param name="Caller">Cancelled when the caller has left.</param>
/// <param name="Deadline">Cancelled when the deadline has passed: tells who waits.</param>
/// <param name="DeadlineAt">
/// Timestamp of the queue's clock when the deadline passes; null for none. Looked at before each call, as a timer may be
/// late.
/// </param>
public readonly record struct WorkLimits(CancellationToken Caller, CancellationToken Deadline = default, long? DeadlineAt = null);
