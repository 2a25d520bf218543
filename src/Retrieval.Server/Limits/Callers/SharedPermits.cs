using System.Threading.RateLimiting;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Server.Limits.Callers;

/// <summary>
/// Permits of one kind, which callers share as they share the device (<see cref="AdmissionRoom"/>): one who holds many is not the
/// reason that another gets none. Requests that get none may wait, in the order of their arrival. Thread-safe.
/// </summary>
/// <param name="most">Permits; where callers are told apart, up to four times as many are given so that each gets some.</param>
/// <param name="queue">Most requests that wait, likewise.</param>
internal sealed class SharedPermits(int most, int queue = 0)
{
    private readonly Lock _gate = new();
    private readonly AdmissionRoom _held = new();
    private readonly AdmissionRoom _queued = new();
    private readonly LinkedList<Waiter> _waiting = new();

    /// <summary>Takes a permit at once, or none.</summary>
    /// <param name="caller">Whose request it is; null where callers are not told apart.</param>
    public RateLimitLease TryTake(string? caller)
    {
        lock (_gate)
        {
            return _held.TryTake(1, most, caller) ? new Permit(this, caller) : Refused.Instance;
        }
    }

    /// <summary>Takes a permit, and waits for it if others may do so too.</summary>
    /// <param name="caller">Whose request it is; null where callers are not told apart.</param>
    /// <param name="cancellationToken">Ends the wait with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>A permit, or none if as many wait as may.</returns>
    public ValueTask<RateLimitLease> TakeAsync(string? caller, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_held.TryTake(1, most, caller))
            {
                return ValueTask.FromResult<RateLimitLease>(new Permit(this, caller));
            }

            if (!_queued.TryTake(1, queue, caller))
            {
                return ValueTask.FromResult<RateLimitLease>(Refused.Instance);
            }

            waiter = new Waiter(caller);
            _waiting.AddLast(waiter);
        }

        return new ValueTask<RateLimitLease>(WaitAsync(waiter, cancellationToken));
    }

    private async Task<RateLimitLease> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using var leaves = cancellationToken.UnsafeRegister((_, token) => Leave(waiter, token), null);
        return await waiter.Permit.Task.ConfigureAwait(false);
    }

    private void Leave(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(waiter))
            {
                return;
            }

            _queued.Return(1, waiter.Caller);
        }

        waiter.Permit.SetCanceled(cancellationToken);
    }

    // Whoever can have a permit now gets one: nobody who comes later finds one that somebody waits for.
    private void Return(string? caller)
    {
        lock (_gate)
        {
            _held.Return(1, caller);
            for (var node = _waiting.First; node is not null;)
            {
                var (waiter, next) = (node.Value, node.Next);
                if (_held.TryTake(1, most, waiter.Caller))
                {
                    _waiting.Remove(node);
                    _queued.Return(1, waiter.Caller);
                    waiter.Permit.SetResult(new Permit(this, waiter.Caller));
                }

                node = next;
            }
        }
    }

    private sealed class Waiter(string? caller)
    {
        public string? Caller { get; } = caller;

        public TaskCompletionSource<RateLimitLease> Permit { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private abstract class Lease : RateLimitLease
    {
        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }

    private sealed class Permit(SharedPermits permits, string? caller) : Lease
    {
        private int _returned;

        public override bool IsAcquired => true;

        protected override void Dispose(bool disposing)
        {
            if (disposing && Interlocked.Exchange(ref _returned, 1) == 0)
            {
                permits.Return(caller);
            }

            base.Dispose(disposing);
        }
    }

    private sealed class Refused : Lease
    {
        public static readonly Refused Instance = new();

        public override bool IsAcquired => false;
    }
}
