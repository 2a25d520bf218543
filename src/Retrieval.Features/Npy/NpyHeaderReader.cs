using System.Buffers.Binary;
using System.Text;
using Retrieval.Domain.Errors;

namespace Retrieval.Features.Npy;

/// <summary>Reads the header of a <c>.npy</c> file, format versions 1.0, 2.0 and 3.0.</summary>
internal static class NpyHeaderReader
{
    // NumPy itself refuses longer headers unless told to trust the file.
    private const int MaxTextBytes = 10_000;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Whether bytes begin with the format's magic.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic);

    /// <summary>Reads the header and leaves the stream at the first element.</summary>
    /// <param name="stream">The stream, at its start.</param>
    /// <param name="file">The file's name, for errors.</param>
    /// <param name="columnMajor">Whether a matrix may be in Fortran order, as NumPy writes a transposed one.</param>
    /// <exception cref="InvalidInputException">The header is not one that this reader supports.</exception>
    public static NpyHeader Read(Stream stream, string file, bool columnMajor = false)
    {
        Span<byte> prefix = stackalloc byte[8];
        ReadFully(stream, prefix, file);
        if (!prefix[..6].SequenceEqual(Magic))
        {
            throw new InvalidInputException("not a NumPy file: it does not begin with \\x93NUMPY", file);
        }

        var (major, minor) = (prefix[6], prefix[7]);
        if (major is < 1 or > 3 || minor != 0)
        {
            throw new InvalidInputException($"NumPy format {major}.{minor}, expected 1.0, 2.0 or 3.0", file);
        }

        Span<byte> lengthBytes = stackalloc byte[major == 1 ? 2 : 4];
        ReadFully(stream, lengthBytes, file);
        var length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes) : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > MaxTextBytes)
        {
            throw new InvalidInputException($"a header of {length} bytes, expected at most {MaxTextBytes}", file);
        }

        var text = new byte[length];
        ReadFully(stream, text, file);
        if (text.AsSpan().TrimEnd((byte)'\n').ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
        {
            throw new InvalidInputException("the header holds bytes that are not plain text", file);
        }

        var (descriptor, fortranOrder, shape) = NpyHeaderText.Parse(Encoding.ASCII.GetString(text), file);
        if (fortranOrder && !(columnMajor && shape.Count == 2))
        {
            throw new InvalidInputException("the array is in Fortran (column-major) order; save it with numpy.ascontiguousarray", file, field: "fortran_order");
        }

        return new NpyHeader(
            TypeOf(descriptor, file),
            shape,
            prefix.Length + lengthBytes.Length + text.Length,
            CountElements(shape, file),
            fortranOrder);
    }

    private static NpyElementType TypeOf(string descriptor, string file)
    {
        if (NpyElements.TryParse(descriptor, out var type))
        {
            return type;
        }

        var why = descriptor switch
        {
            ['>', ..] => "big-endian elements",
            "|O" or "O" => "Python objects, which are never loaded",
            _ => "elements of an unsupported type",
        };
        throw new InvalidInputException($"'{descriptor}': {why}, expected one of {NpyElements.DescriptorList}", file, field: "descr");
    }

    private static long CountElements(List<long> shape, string file)
    {
        // Sizes are multiplied without zeros, so that an absurd shape is refused even if its product is zero.
        long count = 1;
        foreach (var size in shape)
        {
            try
            {
                count = checked(count * Math.Max(size, 1));
                _ = checked((count * sizeof(double)) + MaxTextBytes + 12);
            }
            catch (OverflowException e)
            {
                throw new InvalidInputException($"({string.Join(", ", shape)}) has more elements than can be counted", file, field: "shape", innerException: e);
            }
        }

        return shape.Contains(0) ? 0 : count;
    }

    private static void ReadFully(Stream stream, Span<byte> destination, string file)
    {
        var read = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        if (read < destination.Length)
        {
            throw new InvalidInputException($"the file ends within its header: {read} of {destination.Length} bytes", file);
        }
    }
}
