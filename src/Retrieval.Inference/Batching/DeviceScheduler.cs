namespace Retrieval.Inference.Batching;

/// <summary>
/// Everything that a device is asked to do, in one queue with one worker: one call runs at a time, since a graph
/// uses the whole device by itself. There is no batching timer: the next call is put together while one runs, of all that
/// waits then, so calls grow with load by themselves and an idle device adds no wait. See <see cref="WaitingList"/> for
/// who is next, and docs/engine.md for the whole.
/// </summary>
public sealed class DeviceScheduler : IDisposable
{
    private readonly object _gate = new();
    private readonly WaitingList _waiting = new();
    private readonly Admission _admission;
    private readonly TimeProvider _time;
    private readonly BatchMetrics? _metrics;
    private readonly DeviceWorker _worker;
    private string? _stopped;
    private readonly Dictionary<string, (int InARow, Exception Last)> _faults = new(StringComparer.Ordinal);
    private string? _runningKind;
    private long _runningSince;
    private int _restarts;

    /// <summary>Makes the queue and starts its worker.</summary>
    /// <param name="mostAdmitted">Most work promised and not done, in pairs; see <see cref="Admit"/>.</param>
    /// <param name="time">The clock of deadlines and ages.</param>
    /// <param name="metrics">Told what happens.</param>
    public DeviceScheduler(long mostAdmitted = long.MaxValue, TimeProvider? time = null, BatchMetrics? metrics = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostAdmitted, 1);
        _time = time ?? TimeProvider.System;
        _metrics = metrics;
        _admission = new Admission(mostAdmitted);
        _worker = new DeviceWorker(this, _time, metrics);
        metrics?.Watch(this);
        _worker.Start();
    }

    /// <summary>Most work promised and not done, in pairs. What is above a new bound already stays.</summary>
    public long MostAdmitted
    {
        get => _admission.Most;
        set => _admission.Most = value;
    }

    /// <summary>How it is just now.</summary>
    public DeviceState State
    {
        get
        {
            lock (_gate)
            {
                var age = _waiting.OldestSince is { } since ? _time.GetElapsedTime(since).TotalSeconds : 0;
                var running = _runningKind is null or TurnItem.KindOfTurns ? 0 : _time.GetElapsedTime(_runningSince).TotalSeconds;
                var (failed, last) = _faults.Count == 0 ? default : _faults.Values.MaxBy(fault => fault.InARow);
                return new DeviceState(_waiting.Count, _waiting.Cost, age, running, _admission.Admitted, _admission.Most, _restarts, failed, last, _stopped);
            }
        }
    }

    /// <summary>
    /// Reserves room for a request before anything is done for it. Dispose of what it gives when the request has been
    /// answered.
    /// </summary>
    /// <param name="cost">What the request will ask of the device, in pairs.</param>
    /// <exception cref="OverloadedException">As much is waiting as may wait.</exception>
    public WorkPermit Admit(long cost)
    {
        try
        {
            return _admission.Admit(cost);
        }
        catch (OverloadedException)
        {
            _metrics?.Rejected();
            throw;
        }
    }

    /// <summary>Adds work. The task ends when it is done or dropped.</summary>
    /// <exception cref="DeviceStoppedException">No more work is taken.</exception>
    public Task<TResult> RunAsync<TResult>(WorkItem<TResult> item)
    {
        ArgumentNullException.ThrowIfNull(item);

        // Before it is in the queue: a token that has been cancelled already calls at once.
        item.OnDeadline = item.Limits.Deadline.UnsafeRegister(_ => Drop(item, WorkEnd.Expired), null);
        item.OnCaller = item.Limits.Caller.UnsafeRegister(_ => Drop(item, WorkEnd.Cancelled), null);
        lock (_gate)
        {
            if (_stopped is not null)
            {
                Unregister(item);
                throw new DeviceStoppedException(_stopped);
            }

            item.Since = _time.GetTimestamp();
            if (item.IsOver)
            {
                // One token called at once; the registration with the other was made after that.
                Unregister(item);
            }
            else
            {
                _waiting.Add(item);
                Monitor.PulseAll(_gate);
            }
        }

        return item.Completion;
    }

    /// <summary>Waits for the whole device. Nothing else runs until what it gives is disposed of.</summary>
    /// <param name="cost">What will be done with it, in pairs: who asks for much gives way to who asks for little.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<IDisposable> TakeTurnAsync(long cost, CancellationToken cancellationToken) => RunAsync(new TurnItem(cost, new WorkLimits { Caller = cancellationToken }));

    /// <summary>Takes no more work; what waits fails, the call that runs ends.</summary>
    public void Dispose()
    {
        Stop("the process is shutting down", null);
        _worker.Join();
        _metrics?.Forget(this);
    }

    /// <summary>Waits for work and hands out the next call's; false when stopped.</summary>
    internal bool TryTake(List<WorkSlice> slices)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && _stopped is null)
            {
                Monitor.Wait(_gate);
            }

            if (_stopped is not null)
            {
                return false;
            }

            _waiting.Take(slices);
            return true;
        }
    }

    /// <summary>A call has been put together and lies ready: whoever gives up its pieces from now on need not wait for it.</summary>
    internal void Rest(List<WorkSlice> slices)
    {
        List<WorkItem>? over = null;
        lock (_gate)
        {
            foreach (var (item, _, _) in slices)
            {
                item.InUse--;
                CloseIfOver(item, ref over);
            }
        }

        over?.ForEach(static item => item.Finish());
    }

    /// <summary>Leaves of a call's pieces those that are still wanted, and takes hold of them again. Last look before the device.</summary>
    internal List<WorkSlice> StillWanted(List<WorkSlice> slices)
    {
        var now = _time.GetTimestamp();
        List<WorkItem>? over = null;
        List<WorkSlice> live;
        lock (_gate)
        {
            foreach (var (item, _, _) in slices)
            {
                if (item.End == WorkEnd.None && item.Limits.DeadlineAt is { } at && now >= at)
                {
                    SetEnd(item, WorkEnd.Expired);
                }
            }

            live = slices.TrueForAll(static slice => slice.Item.End == WorkEnd.None) ? slices : slices.FindAll(static slice => slice.Item.End == WorkEnd.None);
            live.ForEach(static slice => slice.Item.InUse++);
            (_runningKind, _runningSince) = (live.Count == 0 ? null : live[0].Item.Lane.Kind, now);
            foreach (var (item, _, _) in slices)
            {
                CloseIfOver(item, ref over);
            }
        }

        over?.ForEach(static item => item.Finish());
        return live;
    }

    /// <summary>The pieces have been done, or have failed.</summary>
    internal void Did(List<WorkSlice> slices, TimeSpan duration, Exception? fault)
    {
        if (fault is null)
        {
            _admission.Did(Batch.CostOf(slices), duration);
        }

        List<WorkItem>? over = null;
        lock (_gate)
        {
            if (slices.Count > 0)
            {
                Note(slices[0].Item.Lane.Kind, fault);
            }

            foreach (var (item, _, count) in slices)
            {
                item.Computing += duration;
                if (fault is null)
                {
                    item.Done += count;
                }
                else if (item.End == WorkEnd.None)
                {
                    item.Fault = fault;
                    SetEnd(item, WorkEnd.Failed);
                }

                item.InUse--;
                CloseIfOver(item, ref over);
            }
        }

        over?.ForEach(static item => item.Finish());
    }

    /// <summary>The worker has died and been started again.</summary>
    internal void Restarted()
    {
        lock (_gate)
        {
            _restarts++;
        }
    }

    /// <summary>Takes no more work, and fails what waits.</summary>
    internal void Stop(string reason, Exception? fault)
    {
        WorkItem[] left;
        List<WorkItem>? over = null;
        lock (_gate)
        {
            if (_stopped is not null)
            {
                return;
            }

            _stopped = reason;
            left = _waiting.Clear();
            foreach (var item in left)
            {
                item.Fault = new DeviceStoppedException(reason, fault);
                item.End = WorkEnd.Failed;
                CloseIfOver(item, ref over);
            }

            Monitor.PulseAll(_gate);
        }

        _worker.Close();
        over?.ForEach(static item => item.Finish());
    }

    private void Drop(WorkItem item, WorkEnd end)
    {
        lock (_gate)
        {
            if (item.IsOver)
            {
                return;
            }

            SetEnd(item, end);
            if (item.InUse > 0)
            {
                return;
            }

            Close(item);
        }

        item.Finish();
    }

    // By kind, and the device's own only: captions that can be encoded say nothing about a scorer that fails, and a request
    // that is itself to blame nothing about the device.
    private void Note(string kind, Exception? fault)
    {
        _runningKind = null;
        if (fault is null)
        {
            _faults.Remove(kind);
        }
        else if (fault is InferenceException { DeviceFault: true })
        {
            _faults[kind] = (_faults.GetValueOrDefault(kind).InARow + 1, fault);
        }
    }

    private void SetEnd(WorkItem item, WorkEnd end)
    {
        item.End = end;
        _waiting.Remove(item);
        _metrics?.Dropped(end);
    }

    private static void CloseIfOver(WorkItem item, ref List<WorkItem>? over)
    {
        if (item.InUse == 0 && item.IsOver && !item.IsFinished)
        {
            Close(item);
            (over ??= []).Add(item);
        }
    }

    private static void Close(WorkItem item)
    {
        item.IsFinished = true;
        Unregister(item);
    }

    // Not Dispose: it waits for a callback that is running, and that one waits for the lock.
    private static void Unregister(WorkItem item)
    {
        item.OnDeadline.Unregister();
        item.OnCaller.Unregister();
    }
}
