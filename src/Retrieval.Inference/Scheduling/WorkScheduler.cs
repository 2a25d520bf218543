

namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Everything that a device is asked to do, in one queue with one worker: one call runs at a time, since a graph
/// uses the whole device by itself. There is no batching timer: the next call is put together while one runs, of all that
/// waits then, so calls grow with load by themselves and an idle device adds no wait. See <see cref="FairQueue"/> for
/// who is next, and docs/engine.md for the whole.
/// </summary>
public sealed class WorkScheduler : IDisposable
{
    private readonly Admission _admission;
    private readonly TimeProvider _time;
    private readonly BatchMetrics? _metrics;
    private readonly WorkQueue _queue;
    private readonly BatchWorker _worker;

    /// <summary>Makes the queue and starts its worker.</summary>
    /// <param name="mostAdmitted">Most work promised and not done, in pairs; see <see cref="Admit"/>.</param>
    /// <param name="time">The clock of deadlines and ages.</param>
    /// <param name="metrics">Told what happens.</param>
    public WorkScheduler(long mostAdmitted = long.MaxValue, TimeProvider? time = null, BatchMetrics? metrics = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostAdmitted, 1);
        _time = time ?? TimeProvider.System;
        _metrics = metrics;
        _admission = new Admission(mostAdmitted);
        _queue = new WorkQueue(_time, _admission, metrics);
        _worker = new BatchWorker(_queue, _time, metrics);
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
    public QueueState State => _queue.State;

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
        _queue.Add(item);
        return item.Completion;
    }

    /// <summary>Waits for the whole device. Nothing else runs until what it gives is disposed of.</summary>
    /// <param name="cost">What will be done with it, in pairs: who asks for much gives way to who asks for little.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<IDisposable> AcquireExclusiveAsync(long cost, CancellationToken cancellationToken) => RunAsync(new ExclusiveItem(cost, new WorkLimits { Caller = cancellationToken }));

    /// <summary>Takes no more work; what waits fails, the call that runs ends.</summary>
    public void Dispose()
    {
        _worker.Stop("the process is shutting down", null);
        _worker.Join();
        _metrics?.Forget(this);
    }
}
