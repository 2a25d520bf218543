using Retrieval.Inference;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// A model shared by the source that serves it and every leased snapshot. It is disposed of when the last of them releases it.
/// </summary>
internal sealed class SharedModel(MatchingModel model)
{
    private int _holders = 1;

    public MatchingModel Model => model;

    public void Hold() => Interlocked.Increment(ref _holders);

    /// <summary>Holds the model; false if it was released by all.</summary>
    public bool TryHold()
    {
        for (var holders = Volatile.Read(ref _holders); holders > 0;)
        {
            var seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
            {
                return true;
            }

            holders = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            model.Dispose();
        }
    }
}
