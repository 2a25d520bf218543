namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Bounds the work that is admitted and not yet done. A request above the bound is rejected at once, before anything is
/// done for it, instead of late.
/// </summary>
/// <param name="most">Most work, in pairs.</param>
internal sealed class Admission(long most)
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    // Averages over the last few seconds of work: an old rate says nothing about the present.
    private const double Memory = 0.9;

    private const int MostLarge = 4;

    private readonly Lock _gate = new();
    private readonly AdmissionRoom _small = new();
    private readonly AdmissionRoom _large = new();
    private long _most = most;
    private long _largeCost;
    private double _costPerSecond;

    /// <summary>Work admitted and not yet done, in pairs.</summary>
    public long Admitted
    {
        get
        {
            lock (_gate)
            {
                return _small.Held + _largeCost;
            }
        }
    }

    /// <summary>Limit on the total cost of the small requests that are admitted at once.</summary>
    public long Most
    {
        get => Interlocked.Read(ref _most);
        set => Interlocked.Exchange(ref _most, value);
    }

    /// <summary>
    /// Admits a request. One that costs more than a quarter of the bound takes one of a few permits for large requests
    /// instead: among small requests it would never fit, and small requests overtake it anyway, so it need not block them.
    /// </summary>
    /// <param name="cost">What it costs, in pairs.</param>
    /// <param name="flow">Whose it is; see <see cref="WorkLimits.Flow"/>.</param>
    /// <exception cref="OverloadedException">There is no room.</exception>
    public WorkPermit Admit(long cost, string? flow)
    {
        lock (_gate)
        {
            var large = cost > Most / 4;
            if (large ? !_large.TryTake(1, MostLarge, flow) : !_small.TryTake(cost, Most, flow))
            {
                throw new OverloadedException(Admitted, Most, RetryAfter(large));
            }

            _largeCost += large ? cost : 0;
            return new WorkPermit(() => Release(cost, large, flow), flow);
        }
    }

    /// <summary>Work that the device does in a second of batches, in pairs; 0 before the first batch.</summary>
    public double CostPerSecond
    {
        get
        {
            lock (_gate)
            {
                return _costPerSecond;
            }
        }
    }

    /// <summary>Called after each batch, for the rate that <see cref="OverloadedException.RetryAfter"/> comes from.</summary>
    public void Record(long cost, TimeSpan duration)
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

    // A permit for large requests is free when one of them is done; room for small ones when those ahead are done.
    private TimeSpan RetryAfter(bool large)
    {
        var ahead = large ? _small.Held + (_largeCost / Math.Max(1, _large.Held)) : _small.Held;
        var seconds = _costPerSecond > 0 ? ahead / _costPerSecond : 1;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestRetry.TotalSeconds));
    }

    private void Release(long cost, bool large, string? flow)
    {
        lock (_gate)
        {
            if (large)
            {
                _large.Return(1, flow);
                _largeCost -= cost;
            }
            else
            {
                _small.Return(cost, flow);
            }
        }
    }
}
