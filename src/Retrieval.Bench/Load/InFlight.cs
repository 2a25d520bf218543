namespace Retrieval.Bench.Load;

/// <summary>Limits the number of requests that wait for answers. A request above the limit is rejected at once and does not wait.</summary>
/// <param name="bound">Most requests at once.</param>
internal sealed class InFlight(int bound)
{
    private int _now;
    private int _peak;

    /// <summary>Number of requests waiting now.</summary>
    public int Now => Volatile.Read(ref _now);

    /// <summary>Highest number that ever waited at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    /// <summary>Takes a permit; false if there is none. Called by one thread at a time.</summary>
    public bool TryEnter()
    {
        // Only the single pump enters, so between the check and the entry the number can only decrease.
        if (Now >= bound)
        {
            return false;
        }

        _peak = Math.Max(_peak, Interlocked.Increment(ref _now));
        return true;
    }

    /// <summary>Returns a permit.</summary>
    public void Leave() => Interlocked.Decrement(ref _now);
}
