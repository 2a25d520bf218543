using System.Diagnostics;

namespace Retrieval.Inference.Scheduling;

/// <summary>
/// One request's work for the device. Its units are done in order; once its caller has disconnected or its deadline has
/// passed, no further unit is done. The queue uses its memory until its task has ended.
/// </summary>
public abstract class WorkItem
{
    /// <summary>Describes the work.</summary>
    /// <param name="batcher">Assembles its batches; items of one batcher may share a batch.</param>
    /// <param name="units">Into how many units it can be cut.</param>
    /// <param name="cost">What all of it costs, in pairs of a scorer.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    protected WorkItem(IBatcher batcher, int units, long cost, WorkLimits limits)
    {
        ArgumentNullException.ThrowIfNull(batcher);
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        Batcher = batcher;
        Units = units;
        Cost = cost;
        Limits = limits;
        Entry = new QueueEntry(this);
        Trace = Activity.Current?.Context ?? default;
    }

    /// <summary>Assembles its batches; items of one batcher may share a batch.</summary>
    public IBatcher Batcher { get; }

    /// <summary>Units in all.</summary>
    public int Units { get; }

    /// <summary>What all of it costs the device, in pairs of a scorer.</summary>
    public long Cost { get; }

    /// <summary>Time of the batches it was part of.</summary>
    public TimeSpan Computing { get; internal set; }

    internal WorkLimits Limits { get; }

    /// <summary>The trace of the request that it was made for.</summary>
    internal ActivityContext Trace { get; }

    /// <summary>Units done so far: those from the first on, as units are done in order.</summary>
    public int Done { get; internal set; }

    /// <summary>What the queue notes about it.</summary>
    internal QueueEntry Entry { get; }

    /// <summary>Completes the task; continuations run on another thread.</summary>
    internal abstract void Finish(WorkEnd end, Exception? fault);
}
