namespace Retrieval.Inference.Scheduling;

/// <summary>
/// A queue's bookkeeping for one request's work. Everything here is read and written under the lock of the
/// <see cref="WorkQueue"/> that holds it, and by nobody else.
/// </summary>
internal sealed class QueueEntry(WorkItem item)
{
    /// <summary>The work.</summary>
    public WorkItem Item => item;

    /// <summary>Virtual finish time; the lowest is served first. See <see cref="FairQueue"/>.</summary>
    public double Tag { get; set; }

    /// <summary>Order of arrival, among equal tags.</summary>
    public long Sequence { get; set; }

    /// <summary>Timestamp of its arrival.</summary>
    public long Since { get; set; }

    /// <summary>Units handed out.</summary>
    public int Taken { get; set; }

    /// <summary>What has not been handed out, in pairs' worth.</summary>
    public long CostLeft => item.Cost * (item.Units - Taken) / item.Units;

    /// <summary>Slices of it that a worker thread is reading or writing. Between assembly and run there are none.</summary>
    public int InUse { get; set; }

    public WorkEnd End { get; set; }

    public Exception? Fault { get; set; }

    public bool IsFinished { get; set; }

    public CancellationTokenRegistration OnDeadline { get; set; }

    public CancellationTokenRegistration OnCaller { get; set; }

    public bool IsOver => End != WorkEnd.None || item.Done == item.Units;

    /// <summary>Closes it if it is over and no worker thread uses its memory.</summary>
    /// <returns>Whether it was closed just now; then <see cref="Finish"/> is due, outside the lock.</returns>
    public bool TryClose()
    {
        if (InUse > 0 || !IsOver || IsFinished)
        {
            return false;
        }

        IsFinished = true;
        Unregister();
        return true;
    }

    /// <summary>Completes its task.</summary>
    public void Finish() => item.Finish(End, Fault);

    // Not Dispose: it waits for a callback that is running, and that one waits for the lock.
    public void Unregister()
    {
        OnDeadline.Unregister();
        OnCaller.Unregister();
    }
}
