
namespace Retrieval.Inference.Scheduling;

/// <summary>Passes calls from the thread that assembles them to the one that runs them, one ahead and no more.</summary>
internal sealed class HandOff
{
    private readonly object _gate = new();
    private AssembledBatch? _next;
    private bool _closed;

    /// <summary>Waits until the last one was taken: what comes next should be decided as late as may be.</summary>
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

    /// <returns>False when closed: the batch is the caller's still.</returns>
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
