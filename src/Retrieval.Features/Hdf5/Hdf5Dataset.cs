using System.Globalization;
using System.Runtime.CompilerServices;
using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;
using Retrieval.Domain.Errors;

namespace Retrieval.Features.Hdf5;

/// <summary>A dataset of rows: its first dimension counts them. Rows are read chunk by chunk, each chunk once.</summary>
internal sealed class Hdf5Dataset
{
    private const ulong MostChunkBytes = 512UL << 20;
    private const ulong LargeChunkBytes = 32UL << 20;

    // Deflate packs 1032 bytes into one at best.
    private const ulong MostPacked = 1032;
    private const int MostDimensions = 3;

    private static readonly H5DatasetAccess Uncached = new(ChunkCache: new SimpleReadingChunkCache(0, 0));

    private readonly Hdf5File _file;
    private readonly NativeDataset _dataset;
    private readonly ulong[]? _chunk;

    public Hdf5Dataset(Hdf5File file, string name, NativeDataset dataset)
    {
        (_file, _dataset, Name) = (file, dataset, name);
        Shape = [.. dataset.Space.Dimensions.Select(size => checked((long)size))];
        (Kind, ElementBytes) = (dataset.Type.Class, dataset.Type.Size);
        if (Shape.Count is 0 or > MostDimensions || dataset.Space.Type != H5DataspaceType.Simple)
        {
            throw Refuse($"{Shape.Count} dimensions, expected 1 to {MostDimensions}");
        }

        if (dataset.Layout.Class == H5DataLayoutClass.VirtualStorage)
        {
            throw Refuse("a virtual dataset, whose data are in other files, expected one with its data");
        }

        if (dataset.Layout.Class == H5DataLayoutClass.Chunked)
        {
            _chunk = dataset.Layout.Chunks;
            if (_chunk.Length != Shape.Count || _chunk.Contains(0UL) || BytesOf(_chunk) > MostChunkBytes)
            {
                throw Refuse($"chunks of ({string.Join(", ", _chunk)}) elements, expected at most {MostChunkBytes} bytes; h5repack -l CHUNK= writes smaller ones");
            }

            if (BytesOf(_chunk) / MostPacked > (ulong)file.Length)
            {
                throw Refuse($"chunks of ({string.Join(", ", _chunk)}) elements, more than can be packed into the {file.Length} bytes of the file");
            }
        }
        else if (BytesOf(dataset.Space.Dimensions) is var bytes && bytes > (ulong)file.Length)
        {
            throw Refuse($"{ShapeText} take {bytes} bytes, but the file has {file.Length}");
        }
    }

    /// <summary>Its path in the file.</summary>
    public string Name { get; }

    /// <summary>Sizes of the dimensions.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Rows.</summary>
    public long Rows => Shape[0];

    /// <summary>Rows of one chunk; 1 where the data are in one piece.</summary>
    public long ChunkRows => _chunk is null ? 1 : (long)Math.Min(_chunk[0], (ulong)Math.Max(Rows, 1));

    /// <summary>What the elements are.</summary>
    public H5DataTypeClass Kind { get; }

    /// <summary>Bytes of an element.</summary>
    public int ElementBytes { get; }

    /// <summary>The sizes as NumPy writes them.</summary>
    public string ShapeText => $"({string.Join(", ", Shape)})";

    /// <summary>Elements of a row.</summary>
    /// <exception cref="InvalidInputException">More than can be counted.</exception>
    public long RowElements
    {
        get
        {
            var count = 1L;
            foreach (var size in Shape.Skip(1))
            {
                count = size <= 1 || count <= int.MaxValue / size ? count * size : throw Refuse($"{ShapeText}, rows of more than {int.MaxValue} elements");
            }

            return count;
        }
    }

    /// <summary>Rows of floating-point numbers, or of whole ones, in single precision.</summary>
    /// <exception cref="InvalidInputException">They are other elements, or cannot be read.</exception>
    public float[] Singles(long first, int rows) => (Kind, ElementBytes) switch
    {
        (H5DataTypeClass.FloatingPoint, 2) => Read<Half, float>(first, rows, value => (float)value),
        (H5DataTypeClass.FloatingPoint, 4) => Read<float, float>(first, rows, null),
        (H5DataTypeClass.FloatingPoint, 8) => Read<double, float>(first, rows, value => (float)value),
        (H5DataTypeClass.FixedPoint, _) => Array.ConvertAll(Wholes(first, rows), value => (float)value),
        _ => throw Refuse($"{TypeText}, expected numbers"),
    };

    /// <summary>Rows of whole numbers.</summary>
    /// <inheritdoc cref="Singles"/>
    public long[] Wholes(long first, int rows) => (Kind, ElementBytes, _dataset.Type is { Class: H5DataTypeClass.FixedPoint, FixedPoint.IsSigned: true }) switch
    {
        (H5DataTypeClass.FixedPoint, 1, true) => Read<sbyte, long>(first, rows, value => value),
        (H5DataTypeClass.FixedPoint, 1, false) => Read<byte, long>(first, rows, value => value),
        (H5DataTypeClass.FixedPoint, 2, true) => Read<short, long>(first, rows, value => value),
        (H5DataTypeClass.FixedPoint, 2, false) => Read<ushort, long>(first, rows, value => value),
        (H5DataTypeClass.FixedPoint, 4, true) => Read<int, long>(first, rows, value => value),
        (H5DataTypeClass.FixedPoint, 4, false) => Read<uint, long>(first, rows, value => value),
        (H5DataTypeClass.FixedPoint, 8, true) => Read<long, long>(first, rows, null),
        (H5DataTypeClass.FixedPoint, 8, false) => Read<ulong, long>(first, rows, value => value <= long.MaxValue ? (long)value : throw Refuse($"{value}, expected a whole number below 2^63")),
        (H5DataTypeClass.FloatingPoint, _, _) => Array.ConvertAll(Singles(first, rows), value => value == MathF.Floor(value) && MathF.Abs(value) < 1 << 24 ? (long)value : -1),
        _ => throw Refuse($"{TypeText}, expected whole numbers"),
    };

    /// <summary>Rows of texts, or of whole numbers as texts.</summary>
    /// <inheritdoc cref="Singles"/>
    public string[] Texts(long first, int rows)
    {
        if (Kind is not (H5DataTypeClass.String or H5DataTypeClass.VariableLength))
        {
            return Kind == H5DataTypeClass.FixedPoint && ElementBytes == 8 && _dataset.Type.FixedPoint is { IsSigned: false }
                ? Read<ulong, string>(first, rows, value => value.ToString(CultureInfo.InvariantCulture))
                : Array.ConvertAll(Wholes(first, rows), value => value.ToString(CultureInfo.InvariantCulture));
        }

        string[] texts = [];
        var (starts, counts) = Box(first, rows);
        Data(() => texts = _dataset.Read<string[]>(Uncached, new HyperslabSelection(Shape.Count, starts, counts), memoryDims: [(ulong)(rows * RowElements)]));
        return texts;
    }

    /// <summary>What the elements are, for messages.</summary>
    public string TypeText => $"elements of {ElementBytes} bytes of the kind {Kind}";

    /// <summary>An error of this dataset.</summary>
    public InvalidInputException Refuse(string reason) => new(reason, _file.Name, field: Name);

    // At most what 64 bits hold.
    private ulong BytesOf(IEnumerable<ulong> sizes)
    {
        var bytes = (UInt128)Math.Max(ElementBytes, 1);
        foreach (var size in sizes)
        {
            bytes = UInt128.Min(bytes * size, ulong.MaxValue);
        }

        return (ulong)bytes;
    }

    private (ulong[] Starts, ulong[] Counts) Box(long first, int rows) =>
        ([(ulong)first, .. Shape.Skip(1).Select(_ => 0UL)], [(ulong)rows, .. Shape.Skip(1).Select(size => (ulong)size)]);

    private TTo[] Read<TFrom, TTo>(long first, int rows, Converter<TFrom, TTo>? convert)
        where TFrom : unmanaged
    {
        if (_chunk is not null && BytesOf(_chunk) >= LargeChunkBytes)
        {
            // The copies that PureHDF made of the last chunk: the collector by itself lets them pile up to many times a chunk.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }

        var read = new TFrom[checked(rows * (int)RowElements)];
        var (starts, counts) = Box(first, rows);
        if (_chunk is null)
        {
            ReadBox<TFrom>(starts, counts, read);
        }
        else
        {
            foreach (var (from, size) in Hdf5Chunks.Of(starts, counts, _chunk))
            {
                var elements = (int)size.Aggregate(1UL, (count, next) => count * next);
                ulong[] at = [.. from.Zip(starts, (at, start) => at - start)];
                if (size.Skip(1).SequenceEqual(counts.Skip(1)))
                {
                    // Whole rows lie in the box as they lie in the piece: a chunk may have hundreds of MiB, and is not held twice.
                    ReadBox(from, size, read.AsMemory((int)at[0] * (int)RowElements, elements));
                    continue;
                }

                var piece = new TFrom[elements];
                ReadBox<TFrom>(from, size, piece);
                Hdf5Chunks.Copy(piece, size, at, read, counts);
            }
        }

        return convert is null ? Unsafe.As<TTo[]>(read) : Array.ConvertAll(read, convert);
    }

    // Data of a few bytes are a part of the description, which has been read.
    private void Data(Action read)
    {
        if (_dataset.Layout.Class == H5DataLayoutClass.Compact)
        {
            _ = _file.Guarded<object?>(Name, () =>
            {
                read();
                return null;
            });
        }
        else
        {
            _file.GuardedData(Name, read);
        }
    }

    private void ReadBox<T>(ulong[] starts, ulong[] counts, Memory<T> destination)
        where T : unmanaged =>
        Data(() => _dataset.Read(
            Uncached, destination.Span, new HyperslabSelection(Shape.Count, starts, counts), new HyperslabSelection(0, (ulong)destination.Length), [(ulong)destination.Length]));
}
