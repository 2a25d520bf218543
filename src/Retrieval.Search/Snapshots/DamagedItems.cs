using System.Collections.Concurrent;

namespace Retrieval.Search.Snapshots;

/// <summary>The damaged items of an index that were met so far. Each is told once, and no more than so many: a whole file may be damaged.</summary>
internal sealed class DamagedItems(Action<DamagedItem>? tell)
{
    private const int MostTold = 100;

    private readonly ConcurrentDictionary<(string Kind, long Slot), bool> _known = new();
    private int _told;

    /// <summary>Takes note of an item. Safe for any number of threads.</summary>
    public void Met(string kind, long slot)
    {
        if (Volatile.Read(ref _told) < MostTold && _known.TryAdd((kind, slot), true) && Interlocked.Increment(ref _told) is <= MostTold and var number)
        {
            tell?.Invoke(new DamagedItem(kind, slot, number == MostTold));
        }
    }
}
