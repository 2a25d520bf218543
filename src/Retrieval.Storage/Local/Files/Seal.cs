using System.Buffers.Binary;

namespace Retrieval.Storage.Local.Files;

/// <summary>The checksum of one sealed byte range of one file. Stored in 56 bytes, little-endian.</summary>
internal readonly record struct Seal(int File, long From, long To, ReadOnlyMemory<byte> Sha256)
{
    public const int Bytes = 4 + 4 + 8 + 8 + 32;

    /// <summary>
    /// The lower 31 bits of the generation of the commit that sealed the range. If the manifests are lost, it tells which ranges
    /// belong together. 0 in data of earlier versions.
    /// </summary>
    public int Commit { get; init; }

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, File);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], Commit);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], From);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], To);
        Sha256.Span.CopyTo(target[24..]);
    }

    public static Seal Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt32LittleEndian(source),
        BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
        source.Slice(24, 32).ToArray())
    {
        Commit = BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
    };

    /// <summary>The number that represents a generation in <see cref="Commit"/>.</summary>
    public static int NumberOf(long generation) => (int)(generation & int.MaxValue);
}
