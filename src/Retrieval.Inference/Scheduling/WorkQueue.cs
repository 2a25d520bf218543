namespace Retrieval.Inference.Scheduling;

/// <summary>
/// The waiting and the running work of a device, under one lock. Callers add work and cancel it; the worker takes it, drops
/// what is no longer wanted just before a batch runs, and reports what was done. A task is never completed under the lock.
/// </summary>
internal sealed class WorkQueue(TimeProvider time, Admission admission, BatchMetrics? metrics)
{
    // While callers share the device, a batch ends soon, so that none waits long for another's.
    private static readonly TimeSpan Quantum = TimeSpan.FromMilliseconds(2);
    private const long LeastQuantum = 8;
    private static readonly TimeSpan SharingLasts = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly FlowQueue _waiting = new();
    private readonly DeviceHealth _health = new(time);
    private string? _stopped;
    private int _handedOut;

    /// <summary>The current state.</summary>
    public QueueState State
    {
        get
        {
            lock (_gate)
            {
                var age = _waiting.OldestSince is { } since ? time.GetElapsedTime(since).TotalSeconds : 0;
                var (failed, last) = _health.Worst;
                return new QueueState(_waiting.Count, _waiting.Cost, age, _health.RunningSeconds, admission.Admitted, admission.Most, _health.Restarts, failed, last, _stopped);
            }
        }
    }

    /// <exception cref="DeviceStoppedException">The scheduler has stopped.</exception>
    public void Add(WorkItem item)
    {
        var entry = item.Entry;

        // Registered before it is queued: a token that is already cancelled calls back at once.
        entry.OnDeadline = item.Limits.Deadline.UnsafeRegister(_ => Drop(entry, WorkEnd.Expired), null);
        entry.OnCaller = item.Limits.Caller.UnsafeRegister(_ => Drop(entry, WorkEnd.Cancelled), null);
        lock (_gate)
        {
            if (_stopped is not null)
            {
                entry.Unregister();
                throw new DeviceStoppedException(_stopped);
            }

            entry.Since = time.GetTimestamp();
            if (entry.IsOver)
            {
                // One token called back at once; the other was registered after that.
                entry.Unregister();
            }
            else
            {
                _waiting.Add(entry);
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>
    /// Waits for work, and until its batch may be assembled, and hands out the batch's units; false when stopped. Otherwise
    /// <see cref="BatchOver"/> is due.
    /// </summary>
    public bool TryTake(List<WorkSlice> slices)
    {
        lock (_gate)
        {
            while (_stopped is null && (_waiting.Count == 0 || (_handedOut > 0 && !_waiting.Next.AssemblesAhead)))
            {
                Monitor.Wait(_gate);
            }

            if (_stopped is not null)
            {
                return false;
            }

            _waiting.Quantum = QuantumNow();
            _waiting.Take(slices);
            _handedOut++;
            return true;
        }
    }

    /// <summary>A batch whose units were handed out has ended, or could not be assembled.</summary>
    public void BatchOver()
    {
        lock (_gate)
        {
            _handedOut--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A batch has been assembled: until it runs, cancelling one of its items completes that item at once.</summary>
    public void MarkAssembled(List<WorkSlice> slices)
    {
        List<QueueEntry>? over = null;
        lock (_gate)
        {
            foreach (var slice in slices)
            {
                slice.Item.Entry.InUse--;
                CloseIfOver(slice.Item.Entry, ref over);
            }
        }

        over?.ForEach(static entry => entry.Finish());
    }

    /// <summary>Keeps those of a batch's units that are still wanted, and marks them in use again. The last check before the device.</summary>
    public List<WorkSlice> DropUnwanted(List<WorkSlice> slices)
    {
        var now = time.GetTimestamp();
        List<QueueEntry>? over = null;
        List<WorkSlice> live;
        lock (_gate)
        {
            foreach (var slice in slices)
            {
                var entry = slice.Item.Entry;
                if (entry.End == WorkEnd.None && slice.Item.Limits.DeadlineAt is { } at && now >= at)
                {
                    SetEnd(entry, WorkEnd.Expired);
                }
            }

            live = slices.TrueForAll(IsWanted) ? slices : slices.FindAll(IsWanted);
            live.ForEach(static slice => slice.Item.Entry.InUse++);
            _health.Started(live.Count == 0 ? null : live[0].Item.Batcher.Kind, now);
            foreach (var slice in slices)
            {
                CloseIfOver(slice.Item.Entry, ref over);
            }
        }

        over?.ForEach(static entry => entry.Finish());
        return live;
    }

    /// <summary>The units have been done, or have failed.</summary>
    public void Complete(List<WorkSlice> slices, TimeSpan duration, Exception? fault)
    {
        if (fault is null)
        {
            admission.Record(AssembledBatch.CostOf(slices), duration);
        }

        List<QueueEntry>? over = null;
        lock (_gate)
        {
            if (slices.Count > 0)
            {
                _health.Ended(slices[0].Item.Batcher.Kind, fault);
            }

            foreach (var (item, _, count) in slices)
            {
                var entry = item.Entry;
                item.Computing += duration;
                if (fault is null)
                {
                    item.Done += count;
                }
                else if (entry.End == WorkEnd.None)
                {
                    entry.Fault = fault;
                    SetEnd(entry, WorkEnd.Failed);
                }

                entry.InUse--;
                CloseIfOver(entry, ref over);
            }
        }

        over?.ForEach(static entry => entry.Finish());
    }

    /// <summary>The worker died and was restarted.</summary>
    public void Restarted()
    {
        lock (_gate)
        {
            _health.Restarted();
        }
    }

    /// <summary>Accepts no more work, and fails what waits.</summary>
    /// <returns>False if it had been stopped before.</returns>
    public bool Stop(string reason, Exception? fault)
    {
        List<QueueEntry>? over = null;
        lock (_gate)
        {
            if (_stopped is not null)
            {
                return false;
            }

            _stopped = reason;
            foreach (var entry in _waiting.Clear())
            {
                entry.Fault = new DeviceStoppedException(reason, fault);
                entry.End = WorkEnd.Failed;
                CloseIfOver(entry, ref over);
            }

            Monitor.PulseAll(_gate);
        }

        over?.ForEach(static entry => entry.Finish());
        return true;
    }

    private long QuantumNow()
    {
        var shared = _waiting.SharedAt is { } at && time.GetElapsedTime(at) < SharingLasts;
        return shared && admission.CostPerSecond is > 0 and var rate ? Math.Max(LeastQuantum, (long)(rate * Quantum.TotalSeconds)) : long.MaxValue;
    }

    private static bool IsWanted(WorkSlice slice) => slice.Item.Entry.End == WorkEnd.None;

    private void Drop(QueueEntry entry, WorkEnd end)
    {
        lock (_gate)
        {
            if (entry.IsOver)
            {
                return;
            }

            SetEnd(entry, end);
            if (!entry.TryClose())
            {
                return;
            }
        }

        entry.Finish();
    }

    private void SetEnd(QueueEntry entry, WorkEnd end)
    {
        entry.End = end;
        _waiting.Remove(entry);
        metrics?.Dropped(end);
    }

    private static void CloseIfOver(QueueEntry entry, ref List<QueueEntry>? over)
    {
        if (entry.TryClose())
        {
            (over ??= []).Add(entry);
        }
    }
}
