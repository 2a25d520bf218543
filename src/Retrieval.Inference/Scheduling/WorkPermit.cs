namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Admission of one request to the device. <see cref="WorkScheduler.Admit"/> gives it, and whatever works for a request
/// requires it, so no work starts without admission. Dispose it when the request has been answered; twice is harmless.
/// </summary>
public sealed class WorkPermit : IDisposable
{
    private readonly Action _release;
    private int _released;

    internal WorkPermit(Action release, string? flow = null) => (_release, Flow) = (release, flow);

    /// <inheritdoc cref="WorkLimits.Flow"/>
    public string? Flow { get; }

    /// <summary>
    /// For the process's own requests, which warm up the device or probe whether it still computes. Never refused, since a
    /// probe must work on a full device too, and takes no room from requests.
    /// </summary>
    public static WorkPermit ForOwnWork() => new(static () => { });

    /// <summary>Requires that the permit has not been disposed.</summary>
    /// <exception cref="ObjectDisposedException">It has.</exception>
    public void RequireHeld() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _released) != 0, this);

    /// <summary>Releases the permit.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            _release();
        }
    }
}
