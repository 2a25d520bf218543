namespace Retrieval.Inference.Scheduling;

/// <summary>A request whose task gives a result.</summary>
public abstract class WorkItem<TResult> : WorkItem
{
    // Continuations run elsewhere: the worker's time is the device's.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc cref="WorkItem(IBatcher, int, long, WorkLimits)"/>
    protected WorkItem(IBatcher batcher, int units, long cost, WorkLimits limits)
        : base(batcher, units, cost, limits)
    {
    }

    /// <summary>Ends when the request is done, or has been dropped.</summary>
    public Task<TResult> Completion => _completion.Task;

    internal sealed override void Finish(WorkEnd end, Exception? fault)
    {
        switch (end)
        {
            case WorkEnd.Failed:
                _completion.TrySetException(fault!);
                break;
            case WorkEnd.Cancelled:
                _completion.TrySetCanceled(Limits.Caller);
                break;
            case WorkEnd.Expired when TryGetPartial(out var partial):
                _completion.TrySetResult(partial!);
                break;
            case WorkEnd.Expired:
                _completion.TrySetCanceled(Limits.Deadline);
                break;
            default:
                _completion.TrySetResult(GetResult());
                break;
        }

        if (!_completion.Task.IsCompletedSuccessfully)
        {
            Discard();
        }
    }

    /// <summary>The result, when all units are done.</summary>
    protected abstract TResult GetResult();

    /// <summary>The partial result when the deadline has passed, if there is one.</summary>
    protected virtual bool TryGetPartial(out TResult? result)
    {
        result = default;
        return false;
    }

    /// <summary>Releases a result that nobody waits for.</summary>
    protected virtual void Discard()
    {
    }

    /// <summary>Completes the task before the batch has ended.</summary>
    protected void GiveNow(TResult result) => _completion.TrySetResult(result);
}
