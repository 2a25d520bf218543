
namespace Retrieval.Inference.Scheduling;

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

    private const int MostLarge = 4;

    private readonly Lock _gate = new();
    private long _most = most;
    private long _small;
    private long _largeCost;
    private int _large;
    private double _costPerSecond;

    /// <summary>Work promised and not done, in pairs.</summary>
    public long Admitted
    {
        get
        {
            lock (_gate)
            {
                return _small + _largeCost;
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
    /// Takes work in. A request of more than a quarter of the bound has a place of its own, of which there are a few: beside
    /// small ones it would never fit while they come, and they overtake it anyway, so that it need not keep them out.
    /// </summary>
    /// <exception cref="OverloadedException">There is no room.</exception>
    public WorkPermit Admit(long cost)
    {
        lock (_gate)
        {
            var large = cost > Most / 4;
            if (large ? _large >= MostLarge : _small + cost > Most)
            {
                throw new OverloadedException(Admitted, Most, RetryAfter(large));
            }

            if (large)
            {
                _large++;
                _largeCost += cost;
            }
            else
            {
                _small += cost;
            }

            return new WorkPermit(() => Release(cost, large));
        }
    }

    /// <summary>Told of each call, for the rate that <see cref="OverloadedException.RetryAfter"/> comes from.</summary>
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

    // A place among the large is free when one of them is done, room among the small when these are.
    private TimeSpan RetryAfter(bool large)
    {
        var ahead = large ? _small + (_largeCost / MostLarge) : _small;
        var seconds = _costPerSecond > 0 ? ahead / _costPerSecond : 1;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, LongestRetry.TotalSeconds));
    }

    private void Release(long cost, bool large)
    {
        lock (_gate)
        {
            if (large)
            {
                _large--;
                _largeCost -= cost;
            }
            else
            {
                _small -= cost;
            }
        }
    }
}
