namespace Retrieval.Bench.Load;

/// <summary>Bounds the requests that wait for their answers. Who finds no room is told so at once and does not wait.</summary>
/// <param name="bound">Most at once.</param>
internal sealed class InFlight(int bound)
{
    private int _now;
    private int _peak;

    /// <summary>Requests that wait now.</summary>
    public int Now => Volatile.Read(ref _now);

    /// <summary>Most that ever waited at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    /// <summary>Takes a place; false if there is none. Called by one thread at a time.</summary>
    public bool TryEnter()
    {
        // Only the one pump enters, so between the look and the entry there can only be more room.
        if (Now >= bound)
        {
            return false;
        }

        _peak = Math.Max(_peak, Interlocked.Increment(ref _now));
        return true;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave() => Interlocked.Decrement(ref _now);
}
