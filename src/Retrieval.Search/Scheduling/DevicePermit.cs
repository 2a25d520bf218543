using System.Diagnostics.CodeAnalysis;

namespace Retrieval.Search.Scheduling;

/// <summary>
/// The right to compute, first come first served. A graph uses all cores by itself, so two computations at once would
/// only be late together. Whoever computes in one process (searches, single images, ingestions) shares one of these.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing but memory, and whoever computes while the process ends still gives it back.")]
public sealed class DevicePermit
{
    private readonly SemaphoreSlim _device = new(1);

    /// <summary>Waits for the turn. Dispose of what it gives to let the next one compute; doing so twice is harmless.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await _device.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Hold(_device);
    }

    private sealed class Hold(SemaphoreSlim device) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                device.Release();
            }
        }
    }
}
