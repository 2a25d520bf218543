using Retrieval.Domain.Images;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Shortlists;

/// <summary>The numbers and booleans that images have under one key of their metadata, in order, with the slots that have each.</summary>
internal sealed class ValueColumn
{
    private readonly string[] _orders;
    private readonly int[] _ends;
    private readonly int[] _slots;

    /// <param name="slots">Slots by <see cref="MetadataValue.Order"/>.</param>
    public ValueColumn(Dictionary<string, List<int>> slots)
    {
        _orders = [.. slots.Keys];
        Array.Sort(_orders, StringComparer.Ordinal);
        _ends = new int[_orders.Length];
        _slots = new int[slots.Values.Sum(list => list.Count)];
        var end = 0;
        for (var i = 0; i < _orders.Length; i++)
        {
            var list = slots[_orders[i]];
            list.CopyTo(_slots, end);
            _ends[i] = end += list.Count;
        }
    }

    /// <summary>Adds the slots with a value in a range.</summary>
    public void AddTo(SlotBitmap found, ValueRange range)
    {
        var (first, end) = (EndBefore(range.From), EndBefore(range.Before));
        for (var i = first; i < end; i++)
        {
            found.Add(_slots[i]);
        }
    }

    // Where the slots of all orders before this one end.
    private int EndBefore(string order)
    {
        var at = Array.BinarySearch(_orders, order, StringComparer.Ordinal);
        var before = at < 0 ? ~at : at;
        return before == 0 ? 0 : _ends[before - 1];
    }
}
