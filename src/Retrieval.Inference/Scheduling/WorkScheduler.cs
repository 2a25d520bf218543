namespace Retrieval.Inference.Scheduling;

/// <summary>
/// All work of one device (the device that runs the graphs, or this machine's processors for exact shortlists) in one queue
/// with one worker. One batch runs at a time, since a graph uses the whole device. There is no batching timer: the next
/// batch is assembled from all work waiting then, so batches grow with load and an idle device adds no
/// wait. <see cref="FlowQueue"/> decides the order; docs/engine.md describes the whole.
/// </summary>
public sealed class WorkScheduler : IDisposable
{
    private readonly Admission _admission;
    private readonly TimeProvider _time;
    private readonly BatchMetrics? _metrics;
    private readonly WorkQueue _queue;
    private readonly BatchWorker _worker;

    /// <summary>Makes the queue and starts its worker.</summary>
    /// <param name="mostAdmitted">Most work admitted and not yet done, in pairs; see <see cref="Admit"/>.</param>
    /// <param name="time">The clock of deadlines and ages.</param>
    /// <param name="metrics">Receives measurements.</param>
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

    /// <summary>Most work admitted and not yet done, in pairs. A lower bound does not evict work that is already admitted.</summary>
    public long MostAdmitted
    {
        get => _admission.Most;
        set => _admission.Most = value;
    }

    /// <summary>The current state.</summary>
    public QueueState State => _queue.State;

    /// <summary>
    /// Reserves room for a request before anything is done for it. Dispose of what it gives when the request has been
    /// answered.
    /// </summary>
    /// <param name="cost">What the request will ask of the device, in pairs.</param>
    /// <param name="flow">Whose request it is; see <see cref="WorkLimits.Flow"/>.</param>
    /// <exception cref="OverloadedException">As much is waiting as may wait.</exception>
    public WorkPermit Admit(long cost, string? flow = null)
    {
        try
        {
            return _admission.Admit(cost, flow);
        }
        catch (OverloadedException)
        {
            _metrics?.Rejected();
            throw;
        }
    }

    /// <summary>Queues work. The task ends when the work is done or dropped.</summary>
    /// <exception cref="DeviceStoppedException">The scheduler has stopped.</exception>
    public Task<TResult> RunAsync<TResult>(WorkItem<TResult> item)
    {
        ArgumentNullException.ThrowIfNull(item);
        _queue.Add(item);
        return item.Completion;
    }

    /// <summary>Waits for exclusive access to the device. Nothing else runs until the result is disposed.</summary>
    /// <param name="cost">Cost of what will be done with it, in pairs: smaller requests go first.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public Task<IDisposable> AcquireExclusiveAsync(long cost, CancellationToken cancellationToken) => RunAsync(new ExclusiveItem(cost, new WorkLimits { Caller = cancellationToken }));

    /// <summary>Accepts no more work. Waiting work fails; the running batch completes.</summary>
    public void Dispose()
    {
        _worker.Stop("the process is shutting down", null);
        _worker.Join();
        _metrics?.Forget(this);
    }
}
