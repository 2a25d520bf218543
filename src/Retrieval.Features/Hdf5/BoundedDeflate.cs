using System.IO.Compression;
using System.Runtime.InteropServices;
using PureHDF.Filters;

namespace Retrieval.Features.Hdf5;

/// <summary>Unpacks a chunk to no more than its size. PureHDF's own filter unpacks whatever the data come to.</summary>
internal sealed class BoundedDeflate : IH5Filter
{
    // Fletcher's check sum may stand behind the data.
    private const int CheckSumBytes = 4;

    private readonly DeflateFilter _own = new();

    /// <inheritdoc/>
    public ushort FilterId => DeflateFilter.Id;

    /// <inheritdoc/>
    public string Name => _own.Name;

    /// <inheritdoc/>
    public uint[] GetParameters(uint[] chunkDimensions, uint typeSize, Dictionary<string, object>? options) =>
        _own.GetParameters(chunkDimensions, typeSize, options);

    /// <exception cref="InvalidDataException">The data are damaged, or unpack to more than the chunk has.</exception>
    public Memory<byte> Filter(FilterInfo info)
    {
        if (!info.Flags.HasFlag(H5FilterFlags.Decompress))
        {
            return _own.Filter(info);
        }

        // Not copied where it need not be: a chunk may have hundreds of MiB.
        var data = MemoryMarshal.TryGetArray<byte>(info.Buffer, out var array) ? array : new ArraySegment<byte>(info.Buffer.ToArray());
        using var packed = new MemoryStream(data.Array!, data.Offset, data.Count, writable: false);
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var chunk = new byte[info.ChunkSize + CheckSumBytes];
        var read = unpacked.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false);
        return read < info.ChunkSize || unpacked.ReadByte() >= 0
            ? throw new InvalidDataException($"a chunk unpacks to {(read < info.ChunkSize ? $"{read}" : "more")} bytes, expected {info.ChunkSize}")
            : chunk.AsMemory(0, read);
    }
}
