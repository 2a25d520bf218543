namespace Retrieval.Inference.Batching;

/// <summary>
/// One request's work for the device. It is done in pieces, in order; a request whose caller has left or whose deadline has
/// passed gets no further piece done. Its memory is the caller's again when its task has ended, not before.
/// </summary>
public abstract class WorkItem
{
    /// <summary>Describes the work.</summary>
    /// <param name="lane">What it may share a call with.</param>
    /// <param name="pieces">Into how many pieces it can be cut.</param>
    /// <param name="cost">What all of it costs, in pairs of a scorer.</param>
    /// <param name="limits">When it is no longer wanted.</param>
    protected WorkItem(ILane lane, int pieces, long cost, WorkLimits limits)
    {
        ArgumentNullException.ThrowIfNull(lane);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieces, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        Lane = lane;
        Pieces = pieces;
        Cost = cost;
        Limits = limits;
        Entry = new QueueEntry(this);
    }

    /// <summary>What it may share a call with.</summary>
    public ILane Lane { get; }

    /// <summary>Pieces in all.</summary>
    public int Pieces { get; }

    /// <summary>What all of it costs the device, in pairs of a scorer.</summary>
    public long Cost { get; }

    /// <summary>Time of the calls it was part of.</summary>
    public TimeSpan Computing { get; internal set; }

    internal WorkLimits Limits { get; }

    /// <summary>Pieces done so far: those from the first on, as pieces are done in order.</summary>
    public int Done { get; internal set; }

    /// <summary>What the queue notes about it.</summary>
    internal QueueEntry Entry { get; }

    /// <summary>Ends the task, on another thread than the one that calls.</summary>
    internal abstract void Finish(WorkEnd end, Exception? fault);
}
