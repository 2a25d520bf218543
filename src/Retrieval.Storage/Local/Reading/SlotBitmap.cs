using System.Numerics;

namespace Retrieval.Storage.Local.Reading;

/// <summary>A set of slots, one bit per slot. Immutable once its index is open, so safe for any number of readers.</summary>
public sealed class SlotBitmap
{
    private readonly ulong[] _words;

    /// <summary>An empty set over the slots 0 to <paramref name="slots"/> - 1.</summary>
    public SlotBitmap(long slots)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slots);
        Slots = slots;
        _words = new ulong[(slots + 63) / 64];
    }

    /// <summary>A set over more slots that initially holds another set's slots.</summary>
    internal SlotBitmap(long slots, SlotBitmap from)
        : this(slots)
    {
        from._words.CopyTo(_words, 0);
        Count = from.Count;
    }

    /// <summary>The number of slots that the set covers.</summary>
    public long Slots { get; }

    /// <summary>The number of slots in the set.</summary>
    public long Count { get; private set; }

    /// <summary>Whether <paramref name="slot"/> is in the set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    public bool Contains(long slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)slot, (ulong)Slots, nameof(slot));
        return (_words[slot >> 6] >> (int)(slot & 63) & 1) != 0;
    }

    /// <summary>Removes what another set over the same slots does not have. Not to be called once other threads read it.</summary>
    /// <exception cref="ArgumentException">The other set is over another number of slots.</exception>
    public void IntersectWith(SlotBitmap other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Slots != Slots)
        {
            throw new ArgumentException($"a set over {other.Slots} slots, expected {Slots}", nameof(other));
        }

        Count = 0;
        for (var word = 0; word < _words.Length; word++)
        {
            _words[word] &= other._words[word];
            Count += BitOperations.PopCount(_words[word]);
        }
    }

    /// <summary>Adds <paramref name="slot"/> to the set. Not to be called once other threads read it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    public void Add(long slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)slot, (ulong)Slots, nameof(slot));
        var bit = 1UL << (int)(slot & 63);
        Count += BitOperations.PopCount(~_words[slot >> 6] & bit);
        _words[slot >> 6] |= bit;
    }
}
