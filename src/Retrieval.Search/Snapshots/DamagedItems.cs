using System.Collections.Concurrent;

namespace Retrieval.Search.Snapshots;

/// <summary>What is known to be damaged in a served index, across all generations that continue it: whether bytes differ from what
/// was committed, and the damaged items found so far. Each is reported once, up to a limit: a whole file may be damaged.</summary>
internal sealed class DamagedItems(Action<DamagedItem>? tell)
{
    private const int MostTold = 100;

    private readonly ConcurrentDictionary<(string Kind, long Slot), bool> _known = new();
    private int _told;
    private volatile bool _atRest;

    /// <summary>
    /// Whether any bytes are known to differ from what was committed, wherever they are: then any answer may be incomplete.
    /// </summary>
    public bool AtRest
    {
        get => _atRest;
        set => _atRest = value;
    }

    /// <summary>Records an item. Safe for any number of threads.</summary>
    public void Met(string kind, long slot)
    {
        if (Volatile.Read(ref _told) < MostTold && _known.TryAdd((kind, slot), true) && Interlocked.Increment(ref _told) is <= MostTold and var number)
        {
            tell?.Invoke(new DamagedItem(kind, slot, number == MostTold));
        }
    }
}
