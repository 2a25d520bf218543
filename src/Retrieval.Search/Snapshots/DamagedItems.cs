using System.Collections.Concurrent;

namespace Retrieval.Search.Snapshots;

/// <summary>What is known to be damaged of an index while it is served, over all generations that continue it: whether bytes are not
/// what was committed, and the items that were met so far. Each is told once, and no more than so many: a whole file may be damaged.</summary>
internal sealed class DamagedItems(Action<DamagedItem>? tell)
{
    private const int MostTold = 100;

    private readonly ConcurrentDictionary<(string Kind, long Slot), bool> _known = new();
    private int _told;
    private volatile bool _atRest;

    /// <summary>Whether bytes of it are known that are not what was committed, wherever they are: then any answer may lack something.</summary>
    public bool AtRest
    {
        get => _atRest;
        set => _atRest = value;
    }

    /// <summary>Takes note of an item. Safe for any number of threads.</summary>
    public void Met(string kind, long slot)
    {
        if (Volatile.Read(ref _told) < MostTold && _known.TryAdd((kind, slot), true) && Interlocked.Increment(ref _told) is <= MostTold and var number)
        {
            tell?.Invoke(new DamagedItem(kind, slot, number == MostTold));
        }
    }
}
