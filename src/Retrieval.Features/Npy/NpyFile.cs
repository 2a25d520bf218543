using System.Buffers;
using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Features.Files;

namespace Retrieval.Features.Npy;

/// <summary>
/// A <c>.npy</c> file read row by row. A row is all elements of one index of the first dimension. Memory depends on the requested
/// rows only, not on the file's size. Safe for use by many threads.
/// </summary>
/// <remarks>
/// Rows are read by position and not through a memory map. Single-precision elements go directly into the caller's memory either
/// way, and truncating a mapped file kills the process where a read reports an error.
/// </remarks>
public sealed class NpyFile : IDisposable
{
    private const int ConversionBytes = 64 << 10;

    private readonly FileStream _stream;
    private readonly NpyHeader _header;

    private NpyFile(FileStream stream, string name, NpyHeader header)
    {
        Name = name;
        _stream = stream;
        _header = header;
        RowWidth = header.Shape.Skip(1).Aggregate(1L, (product, size) => product * size);
    }

    /// <summary>The file's name without its folder, as used in errors.</summary>
    public string Name { get; }

    /// <summary>Type of the stored elements.</summary>
    public NpyElementType ElementType => _header.ElementType;

    /// <summary>Sizes of the dimensions, at least one.</summary>
    public IReadOnlyList<long> Shape => _header.Shape;

    /// <summary>Rows: the first dimension.</summary>
    public long RowCount => _header.Shape[0];

    /// <summary>Elements per row: the product of the other dimensions.</summary>
    public long RowWidth { get; }

    /// <summary>Opens a file and checks its header and length. Reads no elements.</summary>
    /// <exception cref="InvalidInputException">The file is missing, is not a row-major array of a supported type, or has a length
    /// that does not match its header.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NpyFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var name = Path.GetFileName(path);
        var stream = InputFile.OpenRead(path);
        try
        {
            var header = NpyHeaderReader.Read(stream, name);
            if (header.Shape.Count == 0)
            {
                throw new InvalidInputException("a single number, expected an array of at least one dimension", name, field: "shape");
            }

            var expected = header.DataOffset + header.DataBytes;
            if (stream.Length != expected)
            {
                var fault = stream.Length < expected ? "truncated" : "trailing bytes";
                throw new InvalidInputException(
                    $"{fault}: {stream.Length} bytes, expected {expected} for shape {header.ShapeText} of {NpyElements.DescriptorOf(header.ElementType)}", name);
            }

            return new NpyFile(stream, name, header);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads consecutive rows of a floating-point array in single precision.</summary>
    /// <param name="firstRow">The first row, from 0.</param>
    /// <param name="destination">Space for a whole number of rows; that many are read.</param>
    /// <exception cref="InvalidInputException">The elements are integers, or the file has been truncated since it was opened.</exception>
    public void ReadRows(long firstRow, Span<float> destination)
    {
        if (!NpyElements.IsFloat(ElementType))
        {
            throw new InvalidInputException($"elements {NpyElements.DescriptorOf(ElementType)}, expected <f2, <f4 or <f8", Name, field: "descr");
        }

        if (ElementType == NpyElementType.Float32)
        {
            ReadFully(MemoryMarshal.AsBytes(destination), OffsetOf(firstRow, destination.Length));
            return;
        }

        ReadConverted(firstRow, destination, NpyElements.ToSingle);
    }

    /// <summary>Reads consecutive rows of an integer array.</summary>
    /// <param name="firstRow">The first row, from 0.</param>
    /// <param name="destination">Space for a whole number of rows; that many are read.</param>
    /// <exception cref="InvalidInputException">The elements are floating-point numbers, or the file has been truncated since it
    /// was opened.</exception>
    public void ReadRows(long firstRow, Span<long> destination)
    {
        if (NpyElements.IsFloat(ElementType))
        {
            throw new InvalidInputException($"elements {NpyElements.DescriptorOf(ElementType)}, expected |u1, <i4 or <i8", Name, field: "descr");
        }

        ReadConverted(firstRow, destination, NpyElements.ToInt64);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    private delegate void Conversion<T>(NpyElementType type, ReadOnlySpan<byte> stored, Span<T> destination);

    private void ReadConverted<T>(long firstRow, Span<T> destination, Conversion<T> convert)
    {
        var offset = OffsetOf(firstRow, destination.Length);
        var size = NpyElements.SizeOf(ElementType);
        var rented = ArrayPool<byte>.Shared.Rent((int)Math.Min(ConversionBytes, (long)destination.Length * size));
        try
        {
            while (!destination.IsEmpty)
            {
                var count = Math.Min(destination.Length, rented.Length / size);
                var stored = rented.AsSpan(0, count * size);
                ReadFully(stored, offset);
                convert(ElementType, stored, destination);
                destination = destination[count..];
                offset += stored.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private long OffsetOf(long firstRow, int elements)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        if (RowWidth == 0 ? elements != 0 : elements % RowWidth != 0)
        {
            throw new ArgumentException($"room for {elements} elements, expected a multiple of the row's {RowWidth}", nameof(elements));
        }

        var rows = RowWidth == 0 ? 0 : elements / RowWidth;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, RowCount - rows);
        return _header.DataOffset + (firstRow * RowWidth * NpyElements.SizeOf(ElementType));
    }

    private void ReadFully(Span<byte> destination, long offset)
    {
        while (!destination.IsEmpty)
        {
            var read = RandomAccess.Read(_stream.SafeFileHandle, destination, offset);
            if (read == 0)
            {
                throw new InvalidInputException($"the file ends at byte {offset}: it was cut short while it was read", Name);
            }

            destination = destination[read..];
            offset += read;
        }
    }
}
