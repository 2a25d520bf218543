namespace Retrieval.Inference.Scheduling;

/// <summary>
/// The two threads of a device: one assembles batches and the other runs them, so that the next can be assembled while one
/// runs. A batch that fails fails its own requests and no others. A thread that dies nevertheless is restarted; if that
/// repeats, the queue stops and says why.
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

    // Slices that a thread held when it died have to be failed.
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

    /// <summary>Accepts no more work, and fails what waits; the running batch completes.</summary>
    public void Stop(string reason, Exception? fault)
    {
        if (_queue.Stop(reason, fault))
        {
            _next.Close();
        }
    }

    // Sessions are disposed after this, so a running batch must have ended. Exclusive access that is never released must not block the end for ever.
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
        Stop($"the device's worker died {MostDeaths} times without completing a batch, the last time of: {fault.Message}", fault);
        while (_next.Take() is { } left)
        {
            left.Batch.Dispose();
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

            var passed = false;
            try
            {
                passed = TryPassOn(slices);
            }
            finally
            {
                if (!passed)
                {
                    _queue.BatchOver();
                }
            }
        }
    }

    private bool TryPassOn(List<WorkSlice> slices)
    {
        var batch = TryAssemble(slices);
        _assembling = null;
        if (batch is null)
        {
            return false;
        }

        _queue.MarkAssembled(slices);
        if (_next.TryPut(batch))
        {
            return true;
        }

        batch.Batch.Dispose();
        _queue.Complete(_queue.DropUnwanted(slices), TimeSpan.Zero, new DeviceStoppedException("the process is shutting down"));
        return false;
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
            // Which request is to blame shows when each is tried alone, when the batch would have run.
            return new AssembledBatch(batcher, slices, new Unassembled());
        }
    }

    private void RunAll()
    {
        while (_next.Take() is { } batch)
        {
            try
            {
                Run(batch);
                _running = null;
            }
            finally
            {
                _queue.BatchOver();
            }

            Volatile.Write(ref _deaths, 0);
        }
    }

    private void Run(AssembledBatch batch)
    {
        var live = _queue.DropUnwanted(batch.Slices);
        _running = [.. live];
        if (live.Count == batch.Slices.Count)
        {
            Run(batch.Batch, live);
            return;
        }

        batch.Batch.Dispose();
        if (live.Count > 0 && TryAssemble(live) is { } smaller)
        {
            Run(smaller.Batch, live);
        }
    }

    private void Run(IBatch batch, List<WorkSlice> slices)
    {
        var began = _time.GetTimestamp();
        Exception? fault = null;
        using (var activity = BatchActivities.Start(slices[0].Item.Batcher.Kind, slices))
        {
            try
            {
                using (batch)
                {
                    batch.Run();
                }
            }
            catch (Exception exception)
            {
                fault = exception;
                activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
            }
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

    // One request is to blame; the others must not fail with it.
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
                Run(batch.Batch, alone);
            }
        }
    }

    private void Settle(List<WorkSlice> slices, TimeSpan duration, Exception? fault)
    {
        _running?.RemoveAll(slices.Contains);
        _queue.Complete(slices, duration, fault);
    }

    /// <summary>A batch that could not be assembled; running it fails, so that its requests are tried alone.</summary>
    private sealed class Unassembled : IBatch
    {
        public void Run() => throw new InvalidOperationException("the batch could not be assembled");

        public void Dispose()
        {
        }
    }
}
