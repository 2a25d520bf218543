using System.Text;

namespace Retrieval.Storage.Local.Reading;

/// <summary>
/// Finds an image by its id. Holds slots only, 8 to 16 bytes an image, and compares with the mapped ids: a dictionary
/// of strings would cost ten times that.
/// </summary>
internal sealed class IdTable
{
    private readonly int[] _slotsPlusOne;
    private readonly IdOf _idOf;

    public IdTable(long slots, SlotBitmap deleted, IdOf idOf)
    {
        _idOf = idOf;
        _slotsPlusOne = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Max(2, (slots - deleted.Count) * 2))];
        for (long slot = 0; slot < slots; slot++)
        {
            if (!deleted.Contains(slot))
            {
                _slotsPlusOne[Place(idOf(slot))] = checked((int)slot + 1);
            }
        }
    }

    /// <summary>Reads the id in a slot, UTF-8.</summary>
    public delegate ReadOnlySpan<byte> IdOf(long slot);

    public bool TryGet(string id, out long slot)
    {
        slot = _slotsPlusOne[Place(Encoding.UTF8.GetBytes(id))] - 1L;
        return slot >= 0;
    }

    /// <summary>Where <paramref name="id"/> is, or the free place where it would be.</summary>
    private int Place(ReadOnlySpan<byte> id)
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
