using System.Buffers.Binary;
using System.Security.Cryptography;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Writing;

/// <summary>
/// The slot of each live id, uncommitted rows included. Keyed by 128 bits of the id's SHA-256, so ten million images cost about
/// 400 MB instead of the gigabytes of their strings. A collision is not expected, neither by chance nor by design.
/// </summary>
internal sealed class LiveIds
{
    private readonly Dictionary<UInt128, int> _slots = [];

    public int Count => _slots.Count;

    public static LiveIds Of(LocalIndex index)
    {
        var ids = new LiveIds();
        ids._slots.EnsureCapacity((int)index.Images.Count);
        for (long slot = 0; slot < index.Images.Slots; slot++)
        {
            if (index.Images.IsLive(slot))
            {
                ids._slots[Key(index.IdBytes(slot))] = (int)slot;
            }
        }

        index.RequireSound();
        return ids;
    }

    public bool TryGet(string id, out long slot)
    {
        var found = _slots.TryGetValue(Key(id), out var value);
        slot = value;
        return found;
    }

    public void Set(string id, long slot) => _slots[Key(id)] = (int)slot;

    public void Remove(string id) => _slots.Remove(Key(id));

    private static UInt128 Key(string id) => Key(BatchCheck.StrictUtf8.GetBytes(id));

    private static UInt128 Key(ReadOnlySpan<byte> id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(id, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
