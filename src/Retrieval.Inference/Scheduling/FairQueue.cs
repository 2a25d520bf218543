namespace Retrieval.Inference.Scheduling;

/// <summary>
/// Waiting requests in the order they are served: fair queueing (Demers, Keshav, Shenker 1989) with requests as flows. A
/// request's tag is the virtual time of its arrival plus its cost. Virtual time advances by the work handed out, divided by
/// the number of waiting requests; the lowest tag is served first. So requests of equal size are served in order of arrival,
/// each as a whole; a small request overtakes a large one that arrived before it; and each is done at most one batch later
/// than if the device were divided equally among all. Not thread-safe.
/// </summary>
internal sealed class FairQueue
{
    private readonly List<QueueEntry> _items = [];
    private double _virtualTime;
    private double _requests;
    private long _sequence;

    /// <summary>Requests with units that have not been handed out.</summary>
    public int Count => _items.Count;

    /// <summary>Arrival of the oldest request; null if none waits.</summary>
    public long? OldestSince => _items.Count == 0 ? null : _items.Min(entry => entry.Since);

    /// <summary>Units not handed out, in pairs' worth.</summary>
    public long Cost => _items.Sum(entry => entry.Item.Cost * (entry.Item.Units - entry.Taken) / entry.Item.Units);

    public void Add(QueueEntry entry)
    {
        entry.Tag = _virtualTime + Math.Max(entry.Item.Cost, entry.Item.Limits.RequestCost);
        _requests += ShareOf(entry.Item);
        entry.Sequence = _sequence++;
        _items.Insert(~_items.BinarySearch(entry, Order.Instance), entry);
    }

    public void Remove(QueueEntry entry)
    {
        var index = _items.BinarySearch(entry, Order.Instance);
        if (index >= 0)
        {
            RemoveAt(index);
        }
    }

    /// <summary>Removes all requests and returns them.</summary>
    public QueueEntry[] Clear()
    {
        var all = _items.ToArray();
        _items.Clear();
        _requests = 0;
        return all;
    }

    /// <summary>
    /// Hands out the units of the next batch: those of the first request, and while there is room those of later requests
    /// with the same batcher.
    /// </summary>
    public void Take(List<WorkSlice> slices)
    {
        var batcher = _items[0].Item.Batcher;
        var all = batcher.MaxBatchSize;
        var room = all;
        for (var i = 0; i < _items.Count && room > 0 && all - room < batcher.PreferredBatchSize;)
        {
            var entry = _items[i];
            var item = entry.Item;
            if (item.Batcher != batcher)
            {
                i++;
                continue;
            }

            var count = Math.Min(room, item.Units - entry.Taken);
            slices.Add(new WorkSlice(item, entry.Taken, count));
            _virtualTime += (double)item.Cost * count / item.Units / Math.Max(1, _requests);
            entry.Taken += count;
            entry.InUse++;
            room -= count;
            if (entry.Taken == item.Units)
            {
                RemoveAt(i);
            }
            else
            {
                i++;
            }
        }
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
