using Retrieval.Domain.Errors;

namespace Retrieval.Features.Npy;

/// <summary>An array that was read completely.</summary>
public sealed class NpyArray
{
    private readonly byte[] _stored;
    private readonly NpyHeader _header;

    internal NpyArray(string name, NpyHeader header, byte[] stored)
    {
        Name = name;
        _header = header;
        _stored = stored;
    }

    /// <summary>The array's name in errors, e.g. <c>parity.npz/scores</c>.</summary>
    public string Name { get; }

    /// <summary>Type of the stored elements.</summary>
    public NpyElementType ElementType => _header.ElementType;

    /// <summary>Sizes of the dimensions; empty for a single number.</summary>
    public IReadOnlyList<long> Shape => _header.Shape;

    /// <summary>Whether bytes begin like a <c>.npy</c> file.</summary>
    public static bool IsNpy(ReadOnlySpan<byte> bytes) => NpyHeaderReader.HasMagic(bytes);

    /// <summary>Reads a <c>.npy</c> file that is in memory.</summary>
    /// <param name="file">All bytes of the file.</param>
    /// <param name="name">The name used in errors.</param>
    /// <exception cref="InvalidInputException">Not an array of a supported type, not row-major (a matrix may be column-major), or its length does not match its
    /// header.</exception>
    public static NpyArray Parse(ReadOnlyMemory<byte> file, string name)
    {
        using var stream = new MemoryStream(file.ToArray(), writable: false);
        var header = NpyHeaderReader.Read(stream, name, columnMajor: true);
        var expected = header.DataOffset + header.DataBytes;
        return file.Length == expected
            ? new NpyArray(name, header, file[(int)header.DataOffset..].ToArray())
            : throw new InvalidInputException(
                $"{(file.Length < expected ? "truncated" : "trailing bytes")}: {file.Length} bytes, expected {expected} for shape {header.ShapeText} of {NpyElements.DescriptorOf(header.ElementType)}", name);
    }

    /// <summary>The elements of a floating-point array in single precision, row-major.</summary>
    /// <exception cref="InvalidInputException">The elements are integers.</exception>
    public float[] ToSingles()
    {
        if (!NpyElements.IsFloat(ElementType))
        {
            throw new InvalidInputException($"elements {NpyElements.DescriptorOf(ElementType)}, expected <f2, <f4 or <f8", Name);
        }

        var values = new float[_header.ElementCount];
        NpyElements.ToSingle(ElementType, _stored, values);
        return RowMajor(values);
    }

    /// <summary>The elements of an integer array, row-major.</summary>
    /// <exception cref="InvalidInputException">The elements are floating-point numbers.</exception>
    public long[] ToInt64s()
    {
        if (NpyElements.IsFloat(ElementType))
        {
            throw new InvalidInputException($"elements {NpyElements.DescriptorOf(ElementType)}, expected |u1, <i4 or <i8", Name);
        }

        var values = new long[_header.ElementCount];
        NpyElements.ToInt64(ElementType, _stored, values);
        return RowMajor(values);
    }

    private T[] RowMajor<T>(T[] values)
    {
        if (!_header.IsColumnMajor)
        {
            return values;
        }

        return Transpose<T>(values, (int)Shape[1], (int)Shape[0]);
    }

    /// <summary>Turns a row-major matrix around.</summary>
    /// <param name="values">The elements.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    internal static T[] Transpose<T>(ReadOnlySpan<T> values, int rows, int columns)
    {
        var turned = new T[values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                turned[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return turned;
    }

    /// <summary>Refuses an array of another shape.</summary>
    /// <param name="expected">Sizes of the dimensions; -1 for any size.</param>
    /// <exception cref="InvalidInputException">The shape differs.</exception>
    public NpyArray RequireShape(params ReadOnlySpan<long> expected)
    {
        var fits = expected.Length == Shape.Count;
        for (var i = 0; fits && i < expected.Length; i++)
        {
            fits = expected[i] == -1 || expected[i] == Shape[i];
        }

        return fits
            ? this
            : throw new InvalidInputException(
                $"shape {_header.ShapeText}, expected ({string.Join(", ", expected.ToArray())}) with any size for -1", Name);
    }
}
