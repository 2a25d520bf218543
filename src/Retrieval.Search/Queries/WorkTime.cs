using Retrieval.Inference.Scheduling;

namespace Retrieval.Search.Queries;

/// <summary>How long the work of one request is wanted: until its caller disconnects, or its deadline passes.</summary>
internal sealed class WorkTime : IDisposable
{
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationTokenSource? _either;

    /// <param name="deadline">When the request must be answered; null for no deadline.</param>
    /// <param name="time">The process's clock.</param>
    /// <param name="permit">The request's admission.</param>
    /// <param name="caller">Cancelled when the caller disconnects.</param>
    public WorkTime(Deadline? deadline, TimeProvider time, WorkPermit permit, CancellationToken caller)
    {
        _caller = caller;
        if (deadline is { } at)
        {
            _deadline = new CancellationTokenSource(at.Left(time), time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, caller);
            Limits = new WorkLimits { Flow = permit.Flow, Caller = caller, Deadline = _deadline.Token, DeadlineAt = at.EndsAt };
        }
        else
        {
            Limits = new WorkLimits { Flow = permit.Flow, Caller = caller };
        }
    }

    /// <summary>Limits for work that is queued.</summary>
    public WorkLimits Limits { get; }

    /// <summary>Whether work was abandoned because of the deadline and not because the caller disconnected.</summary>
    public bool IsLate => _deadline is not null && !_caller.IsCancellationRequested;

    /// <summary>Cancelled by either.</summary>
    public CancellationToken Token => _either?.Token ?? _caller;

    public void Dispose()
    {
        _either?.Dispose();
        _deadline?.Dispose();
    }
}
