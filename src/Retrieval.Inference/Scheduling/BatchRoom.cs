namespace Retrieval.Inference.Scheduling;

/// <summary>What still fits into a batch that is being put together.</summary>
/// <param name="batcher">Whose batch it is; units of other batchers do not fit.</param>
/// <param name="slices">Receives its units.</param>
/// <param name="quantum">Most work in it, in pairs' worth. One unit always fits, and so does a request's rest of less than half of this.</param>
internal sealed class BatchRoom(IBatcher batcher, List<WorkSlice> slices, long quantum)
{
    private readonly int _most = batcher.MaxBatchSize;
    private int _units;
    private double _cost;

    /// <summary>Whether nothing is to be added.</summary>
    public bool IsFull => _units >= _most || _units >= batcher.PreferredBatchSize || _cost >= EnoughCost;

    // The part of the largest batch that is enough is enough of a shorter one, too.
    private double EnoughCost => quantum * Math.Min(1, (double)batcher.PreferredBatchSize / _most);

    /// <summary>Adds the next units of a request, as many as fit.</summary>
    /// <returns>Their cost; 0 if it is of another batcher.</returns>
    public double Add(QueueEntry entry)
    {
        var item = entry.Item;
        if (item.Batcher != batcher)
        {
            return 0;
        }

        var each = (double)item.Cost / item.Units;
        var left = item.Units - entry.Taken;
        var allowed = (int)Math.Clamp((quantum - _cost) / each, 1, int.MaxValue);
        var rest = left - allowed;
        var count = Math.Min(_most - _units, rest <= quantum / each / 2 ? left : allowed);
        slices.Add(new WorkSlice(item, entry.Taken, count));
        entry.Taken += count;
        entry.InUse++;
        _units += count;
        _cost += each * count;
        return each * count;
    }
}
