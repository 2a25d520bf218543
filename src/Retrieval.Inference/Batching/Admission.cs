namespace Retrieval.Inference.Batching;

/// <summary>
/// Bounds the work that has been promised and not been done, before anything is done for it: what is above the bound is
/// told at once and not late.
/// </summary>
/// <param name="most">Most work, in pairs.</param>
internal sealed class Admission(long most)
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    // Over the last few seconds of work: a rate of long ago says nothing about now.
    private const double Memory = 0.9;

    private readonly Lock _gate = new();
    private long _most = most;
    private long _admitted;
    private double _costPerSecond;

    /// <summary>Work promised and not done, in pairs.</summary>
    public long Admitted => Interlocked.Read(ref _admitted);

    public long Most
    {
        get => Interlocked.Read(ref _most);
        set => Interlocked.Exchange(ref _most, value);
    }

    /// <summary>
    /// Takes work in. A request counts as half the bound at most: a large one could else never be taken while small ones
    /// come, and these overtake it.
    /// </summary>
    /// <exception cref="OverloadedException">There is no room.</exception>
    public Place Admit(long cost)
    {
        lock (_gate)
        {
            cost = Math.Min(cost, Math.Max(1, Most / 2));
            if (_admitted + cost > Most)
            {
                throw new OverloadedException(_admitted, Most, RetryAfter());
            }

            _admitted += cost;
            return new Place(this, cost);
        }
    }

    /// <summary>Told of each call, for the rate that <see cref="OverloadedException.RetryAfter"/> comes from.</summary>
    public void Did(long cost, TimeSpan duration)
    {
        if (duration > TimeSpan.Zero)
        {
            lock (_gate)
            {
                var rate = cost / duration.TotalSeconds;
                _costPerSecond = _costPerSecond == 0 ? rate : (Memory * _costPerSecond) + ((1 - Memory) * rate);
            }
        }
    }

    private TimeSpan RetryAfter()
    {
        var seconds = _costPerSecond > 0 ? _admitted / _costPerSecond : 1;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestRetry.TotalSeconds));
    }

    private void Release(long cost)
    {
        lock (_gate)
        {
            _admitted -= cost;
        }
    }

    /// <summary>Room for one request. Dispose of it when the request has been answered; doing so twice is harmless.</summary>
    internal sealed class Place(Admission admission, long cost) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                admission.Release(cost);
            }
        }
    }
}
