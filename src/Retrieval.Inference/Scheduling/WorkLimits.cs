namespace Retrieval.Inference.Scheduling;

/// <summary>When a request's work is no longer wanted, and whom and what it belongs to.</summary>
public readonly record struct WorkLimits
{
    /// <summary>Cancelled when the caller disconnects.</summary>
    public CancellationToken Caller { get; init; }

    /// <summary>Cancelled when the deadline has passed.</summary>
    public CancellationToken Deadline { get; init; }

    /// <summary>
    /// Timestamp of the scheduler's clock when the deadline passes; null for none. Checked before each batch, as a timer may
    /// be late.
    /// </summary>
    public long? DeadlineAt { get; init; }

    /// <summary>
    /// Whose work it is, such as the name of a caller's key: flows share the device equally. Null for nobody's in particular, which is a
    /// flow too.
    /// </summary>
    public string? Flow { get; init; }

    /// <summary>
    /// Cost of all of the request, where this work is only a part of it; 0 if it is the whole. A request that comes in many
    /// small units is a large one.
    /// </summary>
    public long RequestCost { get; init; }
}
