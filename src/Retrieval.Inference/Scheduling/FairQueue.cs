namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Waiting requests in the order they are served: fair queueing (Demers, Keshav, Shenker 1989) with requests as flows. A
/// request's tag is the virtual time of its arrival plus its cost. Virtual time advances by the work handed out, divided by
/// the number of waiting requests; the lowest tag is served first. So requests of equal size are served in order of arrival,
/// each as a whole; a small request overtakes a large one that arrived before it; and each is done at most one batch later
/// than if the device were divided equally among all. Not thread-safe.
/// </summary>
/// <remarks>The requests of one <see cref="FlowQueue">flow</see>; that divides the device between flows.</remarks>
internal sealed class FairQueue
{
    private readonly List<QueueEntry> _items = [];
    private double _virtualTime;
    private double _requests;

    /// <summary>Requests with units that have not been handed out.</summary>
    public int Count => _items.Count;

    /// <summary>Arrival of the oldest request; null if none waits.</summary>
    public long? OldestSince => _items.Count == 0 ? null : _items.Min(entry => entry.Since);

    /// <summary>Units not handed out, in pairs' worth.</summary>
    public long Cost => _items.Sum(entry => entry.CostLeft);

    /// <summary>The request that is served next; there must be one.</summary>
    public QueueEntry First => _items[0];

    public void Add(QueueEntry entry)
    {
        entry.Tag = _virtualTime + Math.Max(entry.Item.Cost, entry.Item.Limits.RequestCost);
        _requests += ShareOf(entry.Item);
        _items.Insert(~_items.BinarySearch(entry, Order.Instance), entry);
    }

    /// <returns>Whether it was there.</returns>
    public bool Remove(QueueEntry entry)
    {
        var index = _items.BinarySearch(entry, Order.Instance);
        if (index >= 0)
        {
            RemoveAt(index);
        }

        return index >= 0;
    }

    /// <summary>Removes all requests and returns them.</summary>
    public QueueEntry[] Clear()
    {
        var all = _items.ToArray();
        _items.Clear();
        _requests = 0;
        return all;
    }

    /// <summary>Hands out units in order, of the first request and of later ones, while there is room for them in a batch.</summary>
    /// <returns>Their cost.</returns>
    public double Take(BatchRoom room)
    {
        var all = 0.0;
        for (var i = 0; i < _items.Count && !room.IsFull;)
        {
            var cost = room.Add(_items[i]);
            _virtualTime += cost / Math.Max(1, _requests);
            all += cost;
            if (_items[i].Taken == _items[i].Item.Units)
            {
                RemoveAt(i);
            }
            else
            {
                i++;
            }
        }

        return all;
    }

    // A request that comes in many items counts once.
    private static double ShareOf(WorkItem item) => item.Cost / (double)Math.Max(item.Cost, item.Limits.RequestCost);

    private void RemoveAt(int index)
    {
        _requests -= ShareOf(_items[index].Item);
        _items.RemoveAt(index);
        if (_items.Count == 0)
        {
            // Drops what rounding has left.
            _requests = 0;
        }
    }

    private sealed class Order : IComparer<QueueEntry>
    {
        public static readonly Order Instance = new();

        public int Compare(QueueEntry? x, QueueEntry? y)
        {
            var byTag = x!.Tag.CompareTo(y!.Tag);
            return byTag != 0 ? byTag : x.Sequence.CompareTo(y.Sequence);
        }
    }
}
