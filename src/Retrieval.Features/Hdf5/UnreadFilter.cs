using PureHDF.Filters;

namespace Retrieval.Features.Hdf5;

/// <summary>Stands for a filter that is not read, so that the error has its name and says what to do.</summary>
internal sealed class UnreadFilter(ushort id, string name) : IH5Filter
{
    /// <summary>
    /// Those that others than the HDF5 library pack with, by their registered numbers, and those of the library that PureHDF does
    /// not apply as the library does.
    /// </summary>
    public static IReadOnlyList<UnreadFilter> All { get; } =
    [
        new(4, "szip"), new(5, "n-bit"), new(307, "bzip2"), new(32000, "LZF"), new(32001, "Blosc"),
        new(32004, "LZ4"), new(32008, "bitshuffle"), new(32013, "ZFP"), new(32015, "Zstandard"), new(32026, "Blosc2"),
    ];

    /// <inheritdoc/>
    public ushort FilterId => id;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public uint[] GetParameters(uint[] chunkDimensions, uint typeSize, Dictionary<string, object>? options) => throw Error();

    /// <exception cref="NotSupportedException">Always.</exception>
    public Memory<byte> Filter(FilterInfo info) => throw Error();

    private NotSupportedException Error() =>
        new($"packed by the filter {name} ({id}), expected gzip, shuffle or none; h5repack -f GZIP=4 IN OUT writes a file that is read");
}
