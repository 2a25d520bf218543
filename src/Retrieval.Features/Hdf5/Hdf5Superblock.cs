using System.Buffers.Binary;
using Retrieval.Domain.Errors;

namespace Retrieval.Features.Hdf5;

/// <summary>Where a file says that it ends: PureHDF does not look, and would find a file that was cut when it comes to the cut.</summary>
internal static class Hdf5Superblock
{
    private const int MostBytes = 128;
    private const long FirstUserBlock = 512;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Refuses a file that is none or was cut.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="InvalidInputException">No HDF5 file, of an unknown version, or shorter than it says.</exception>
    public static void Check(Stream stream, string name)
    {
        Span<byte> block = stackalloc byte[MostBytes];
        for (var at = 0L; at < stream.Length; at = at == 0 ? FirstUserBlock : at * 2)
        {
            stream.Position = at;
            block.Clear();
            stream.ReadExactly(block[..(int)Math.Min(block.Length, stream.Length - at)]);
            if (block.StartsWith(Signature))
            {
                CheckEnd(block, stream.Length, name);
                return;
            }
        }

        throw new InvalidInputException("not an HDF5 file: it has no \\x89HDF signature", name);
    }

    private static void CheckEnd(ReadOnlySpan<byte> block, long length, string name)
    {
        var version = block[8];
        if (version > 3)
        {
            throw new InvalidInputException($"a superblock of version {version}, expected 0 to 3", name);
        }

        // In versions 0 and 1 the addresses come after the sizes of the groups' nodes.
        var (sizeAt, addressesAt) = version switch { 0 => (13, 24), 1 => (13, 28), _ => (9, 12) };
        var size = block[sizeAt];
        if (size is not (4 or 8))
        {
            throw new InvalidInputException($"addresses of {size} bytes, expected 4 or 8", name);
        }

        // Base address, another one, and the end. The end counts from the beginning of the file, a user block before the signature included.
        var end = Address(block[(addressesAt + (2 * size))..], size);
        if (end > (ulong)length)
        {
            throw new InvalidInputException($"truncated: {length} bytes, expected {end}", name);
        }
    }

    private static ulong Address(ReadOnlySpan<byte> bytes, int size) =>
        size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
}
