using System.Threading.RateLimiting;

namespace Retrieval.Server.Limits.Callers;

/// <summary>A caller's side of <see cref="SharedPermits"/>, as the framework's limiter wants it. It has no state that could be lost.</summary>
internal sealed class CallerPermits(SharedPermits permits, string? caller, TimeProvider time) : RateLimiter
{
    private long _used = time.GetTimestamp();

    // The framework forgets a limiter that has been idle for ten seconds; what it gave counts on.
    public override TimeSpan? IdleDuration => time.GetElapsedTime(Volatile.Read(ref _used));

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        Volatile.Write(ref _used, time.GetTimestamp());
        return permits.TryTake(caller);
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _used, time.GetTimestamp());
        return permits.TakeAsync(caller, cancellationToken);
    }
}
