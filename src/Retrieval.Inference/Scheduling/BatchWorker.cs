

namespace Retrieval.Inference.Scheduling;

/// <summary>
/// The two threads of a device: one assembles the next call while the other has the device run the one before. A call that
/// fails is its requests' failure and nobody else's. A thread that dies all the same is started again; if that goes on,
/// the queue stops and says why.
/// </summary>
internal sealed class BatchWorker
{
    private const int MostDeaths = 5;
    private static readonly TimeSpan LongestJoin = TimeSpan.FromSeconds(30);

    private readonly WorkQueue _queue;
    private readonly TimeProvider _time;
    private readonly BatchMetrics? _metrics;
    private readonly HandOff _next = new();
    private readonly Thread[] _threads;
    private int _deaths;

    // What a thread held when it died has to be failed by somebody.
    private List<WorkSlice>? _assembling;
    private List<WorkSlice>? _running;

    public BatchWorker(WorkQueue queue, TimeProvider time, BatchMetrics? metrics)
    {
        _queue = queue;
        _time = time;
        _metrics = metrics;
        _threads =
        [
            new Thread(() => Supervise(AssembleAll, ref _assembling)) { IsBackground = true, Name = "device: assemble" },
            new Thread(() => Supervise(RunAll, ref _running)) { IsBackground = true, Name = "device: run" },
        ];
    }

    public void Start() => Array.ForEach(_threads, thread => thread.Start());

    /// <summary>Takes no more work, and fails what waits; the call that runs ends.</summary>
    public void Stop(string reason, Exception? fault)
    {
        if (_queue.Stop(reason, fault))
        {
            _next.Close();
        }
    }

    // Sessions go after this: a call that runs must have ended. A turn that nobody gives back must not hold up the end for ever.
    public void Join() => Array.ForEach(_threads, thread => thread.Join(LongestJoin));

    private void Supervise(Action work, ref List<WorkSlice>? held)
    {
        while (true)
        {
            try
            {
                work();
                return;
            }
            catch (Exception fault)
            {
                if (held is { } slices)
                {
                    held = null;
                    _queue.Complete(slices, TimeSpan.Zero, fault);
                }

                if (Interlocked.Increment(ref _deaths) >= MostDeaths)
                {
                    GiveUp(fault);
                    return;
                }

                _queue.Restarted();
            }
        }
    }

    private void GiveUp(Exception fault)
    {
        Stop($"the device's worker has died {MostDeaths} times without a call done in between, the last time of: {fault.Message}", fault);
        while (_next.Take() is { } left)
        {
            left.Call.Dispose();
            _queue.Complete(_queue.DropUnwanted(left.Slices), TimeSpan.Zero, fault);
        }
    }

    private void AssembleAll()
    {
        while (_next.WaitUntilEmpty())
        {
            var slices = new List<WorkSlice>(1);
            _assembling = slices;
            if (!_queue.TryTake(slices))
            {
                return;
            }

            var batch = TryAssemble(slices);
            _assembling = null;
            if (batch is null)
            {
                continue;
            }

            _queue.MarkAssembled(slices);
            if (!_next.TryPut(batch))
            {
                batch.Call.Dispose();
                _queue.Complete(_queue.DropUnwanted(slices), TimeSpan.Zero, new DeviceStoppedException("the process is shutting down"));
            }
        }
    }

    private AssembledBatch? TryAssemble(List<WorkSlice> slices)
    {
        var batcher = slices[0].Item.Batcher;
        try
        {
            return new AssembledBatch(batcher, slices, batcher.Assemble(slices));
        }
        catch (Exception fault) when (slices.Count == 1)
        {
            _metrics?.Called(batcher.Kind, slices, TimeSpan.Zero, fault);
            _queue.Complete(slices, TimeSpan.Zero, fault);
            return null;
        }
        catch (Exception)
        {
            // Whoever is to blame shows when each is tried alone, where the call would have run.
            return new AssembledBatch(batcher, slices, new Unassembled());
        }
    }

    private void RunAll()
    {
        while (_next.Take() is { } batch)
        {
            Run(batch);
            _running = null;
            Volatile.Write(ref _deaths, 0);
        }
    }

    private void Run(AssembledBatch batch)
    {
        var live = _queue.DropUnwanted(batch.Slices);
        _running = [.. live];
        if (live.Count == batch.Slices.Count)
        {
            Run(batch.Call, live);
            return;
        }

        batch.Call.Dispose();
        if (live.Count > 0 && TryAssemble(live) is { } smaller)
        {
            Run(smaller.Call, live);
        }
    }

    private void Run(IBatch call, List<WorkSlice> slices)
    {
        var began = _time.GetTimestamp();
        Exception? fault = null;
        try
        {
            using (call)
            {
                call.Run();
            }
        }
        catch (Exception exception)
        {
            fault = exception;
        }

        var duration = _time.GetElapsedTime(began);
        _metrics?.Called(slices[0].Item.Batcher.Kind, slices, duration, fault);
        if (fault is null or InferenceException { DeviceFault: true } || slices.Count == 1)
        {
            Settle(slices, duration, fault);
        }
        else
        {
            RunEachAlone(slices);
        }
    }

    // One of them is to blame; the others must not pay for it.
    private void RunEachAlone(List<WorkSlice> slices)
    {
        foreach (var slice in slices)
        {
            List<WorkSlice> alone = [slice];
            _running?.Remove(slice);
            _queue.MarkAssembled(alone);
            if (_queue.DropUnwanted(alone).Count > 0 && TryAssemble(alone) is { } batch)
            {
                _running?.Add(slice);
                Run(batch.Call, alone);
            }
        }
    }

    private void Settle(List<WorkSlice> slices, TimeSpan duration, Exception? fault)
    {
        _running?.RemoveAll(slices.Contains);
        _queue.Complete(slices, duration, fault);
    }

    /// <summary>What could not be put together; runs as a failure that is nobody's yet.</summary>
    private sealed class Unassembled : IBatch
    {
        public void Run() => throw new InvalidOperationException("the call could not be put together");

        public void Dispose()
        {
        }
    }
}
