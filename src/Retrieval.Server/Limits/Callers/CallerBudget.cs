using System.Threading.RateLimiting;

namespace Retrieval.Server.Limits.Callers;

/// <summary>
/// What a caller may still take: a token bucket of the framework's, and a debt. A request that costs more than the bucket can hold is
/// let through when it is full and leaves a debt, which is paid before the caller's next: over time nobody gets more than the rate.
/// </summary>
internal sealed class CallerBudget : IDisposable
{
    // One in eleven days: what is less would not fit the clock's arithmetic.
    private const double LeastPerSecond = 1e-6;
    private const double LongestWaitSeconds = 1e6;

    private readonly Lock _gate = new();
    private readonly double _burstSeconds;
    private TokenBucketRateLimiter _bucket;
    private double _perSecond;
    private int _most;
    private long _debt;

    /// <param name="perSecond">The rate, above 0.</param>
    /// <param name="burstSeconds">Seconds' worth that the bucket holds.</param>
    public CallerBudget(double perSecond, double burstSeconds)
    {
        _burstSeconds = burstSeconds;
        _perSecond = Math.Max(perSecond, LeastPerSecond);
        (_bucket, _most) = Bucket(_perSecond, burstSeconds);
    }

    /// <summary>Goes on at another rate, with what is left of the burst and all of the debt.</summary>
    public void UseRate(double perSecond)
    {
        lock (_gate)
        {
            perSecond = Math.Max(perSecond, LeastPerSecond);
            if (perSecond == _perSecond)
            {
                return;
            }

            _ = _bucket.TryReplenish();
            var left = Available;
            _bucket.Dispose();
            _perSecond = perSecond;
            (_bucket, _most) = Bucket(perSecond, _burstSeconds);
            _ = TryTake((int)Math.Max(0, _most - left));
        }
    }

    /// <summary>Whether it is full and owes nothing: a new one would be the same.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                _ = _bucket.TryReplenish();
                return _debt == 0 && Available >= _most;
            }
        }
    }

    /// <summary>Takes a cost.</summary>
    /// <returns>Null if it could be taken; otherwise the time after which it can, and nothing of it is taken.</returns>
    public TimeSpan? Take(long cost)
    {
        lock (_gate)
        {
            _ = _bucket.TryReplenish();
            var paid = (int)Math.Min(_debt, Available);
            _ = TryTake(paid);
            _debt -= paid;
            var now = (int)Math.Min(cost, _most);
            if (_debt > 0 || !TryTake(now))
            {
                return TimeSpan.FromSeconds(Math.Min((_debt + (double)now - Available) / _perSecond, LongestWaitSeconds));
            }

            _debt = cost - now;
            return null;
        }
    }

    public void Dispose() => _bucket.Dispose();

    private static (TokenBucketRateLimiter Bucket, int Most) Bucket(double perSecond, double burstSeconds)
    {
        var most = (int)Math.Clamp(Math.Ceiling(perSecond * burstSeconds), 1, int.MaxValue / 2);
        var tokens = (int)Math.Clamp(Math.Floor(perSecond), 1, int.MaxValue / 2);
        var bucket = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            // Filled by hand before each use, in proportion to the time: no timer for each caller.
            AutoReplenishment = false,
            TokenLimit = most,
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromSeconds(tokens / perSecond),
        });
        return (bucket, most);
    }

    private long Available => _bucket.GetStatistics()!.CurrentAvailablePermits;

    private bool TryTake(int tokens)
    {
        using var lease = _bucket.AttemptAcquire(tokens);
        return lease.IsAcquired;
    }
}
