namespace Retrieval.Inference.Scheduling;

/// <summary>Passes batches from the assembling thread to the running one, at most one ahead.</summary>
internal sealed class HandOff
{
    private readonly object _gate = new();
    private AssembledBatch? _next;
    private bool _closed;

    /// <summary>Waits until the last one was taken: the next batch should be decided as late as possible.</summary>
    /// <returns>False when closed.</returns>
    public bool WaitUntilEmpty()
    {
        lock (_gate)
        {
            while (_next is not null && !_closed)
            {
                Monitor.Wait(_gate);
            }

            return !_closed;
        }
    }

    /// <returns>False when closed: the batch stays the caller's.</returns>
    public bool TryPut(AssembledBatch batch)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _next = batch;
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <returns>Null when closed.</returns>
    public AssembledBatch? Take()
    {
        lock (_gate)
        {
            while (_next is null && !_closed)
            {
                Monitor.Wait(_gate);
            }

            var batch = _next;
            _next = null;
            Monitor.PulseAll(_gate);
            return batch;
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}
