
namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Room for one request at the device. <see cref="WorkScheduler.Admit"/> gives it, and what does work for a request takes it:
/// nothing is begun that was not let in. Dispose of it when the request has been answered; doing so twice is harmless.
/// </summary>
public sealed class WorkPermit : IDisposable
{
    private readonly Action _release;
    private int _released;

    internal WorkPermit(Action release) => _release = release;

    /// <summary>
    /// For what the process itself asks, to warm up or to find out whether the device still computes: never refused, since
    /// a device that is at its limit is what may have to be found out, and takes no room from requests.
    /// </summary>
    public static WorkPermit ForOwnWork() => new(static () => { });

    /// <summary>Requires that the room has not been given back.</summary>
    /// <exception cref="ObjectDisposedException">It has.</exception>
    public void RequireHeld() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _released) != 0, this);

    /// <summary>Gives the room back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            _release();
        }
    }
}
