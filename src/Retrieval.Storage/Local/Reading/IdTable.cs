using System.Numerics;
using System.Text;

namespace Retrieval.Storage.Local.Reading;

/// <summary>
/// Finds an image by its id. Holds only slots, 5 to 16 bytes per image, and compares with the mapped ids. A dictionary of strings
/// would cost ten times that.
/// </summary>
internal sealed class IdTable
{
    private readonly int[] _slotsPlusOne;
    private readonly long _slots;
    private readonly SlotBitmap _deleted;
    private readonly IdOf _idOf;

    // Buckets in use: live images, and tombstoned ones of the generations it was extended over, which a lookup skips.
    private long _used;

    public IdTable(long slots, SlotBitmap deleted, IdOf idOf)
        : this(new int[BitOperations.RoundUpToPowerOf2((ulong)Math.Max(2, (slots - deleted.Count) * 2))], 0, 0, slots, deleted, idOf)
    {
    }

    private IdTable(int[] slotsPlusOne, long used, long from, long slots, SlotBitmap deleted, IdOf idOf)
    {
        (_slotsPlusOne, _used, _slots, _deleted, _idOf) = (slotsPlusOne, used, slots, deleted, idOf);
        for (var slot = from; slot < slots; slot++)
        {
            if (!deleted.Contains(slot))
            {
                var place = BucketOf(idOf(slot));
                _used += _slotsPlusOne[place] == 0 ? 1 : 0;
                _slotsPlusOne[place] = checked((int)slot + 1);
            }
        }
    }

    /// <summary>Reads the id in a slot, UTF-8.</summary>
    public delegate ReadOnlySpan<byte> IdOf(long slot);

    /// <summary>
    /// The table of a later generation of the same slots: a copy to which only the new slots are added. It is rebuilt if it would
    /// become too full. This table does not change.
    /// </summary>
    public IdTable Extend(long slots, SlotBitmap deleted, IdOf idOf) => (_used + slots - _slots) * 4 > _slotsPlusOne.Length * 3L
        ? new IdTable(slots, deleted, idOf)
        : new IdTable(_slotsPlusOne.AsSpan().ToArray(), _used, _slots, slots, deleted, idOf);

    public bool TryGet(string id, out long slot)
    {
        slot = _slotsPlusOne[BucketOf(Encoding.UTF8.GetBytes(id))] - 1L;
        return slot >= 0 && !_deleted.Contains(slot);
    }

    /// <summary>The bucket of <paramref name="id"/>, or the free bucket where it would be.</summary>
    private int BucketOf(ReadOnlySpan<byte> id)
    {
        // Seeded per process, so that ids cannot be chosen to collide.
        var hash = default(HashCode);
        hash.AddBytes(id);
        var mask = _slotsPlusOne.Length - 1;
        var place = hash.ToHashCode() & mask;
        while (_slotsPlusOne[place] != 0 && !_idOf(_slotsPlusOne[place] - 1).SequenceEqual(id))
        {
            place = (place + 1) & mask;
        }

        return place;
    }
}
