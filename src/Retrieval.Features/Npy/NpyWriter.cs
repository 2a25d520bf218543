using System.Runtime.InteropServices;
using System.Text;

namespace Retrieval.Features.Npy;

/// <summary>Writes arrays as <c>.npy</c> files that NumPy reads. A file appears complete or not at all.</summary>
public static class NpyWriter
{
    private const int Alignment = 64;

    /// <summary>Writes an array in single precision.</summary>
    /// <param name="path">The destination; an existing file is replaced at the end.</param>
    /// <param name="elements">All elements, row-major.</param>
    /// <param name="shape">Sizes of the dimensions; their product is the number of elements.</param>
    public static void Write(string path, ReadOnlySpan<float> elements, params ReadOnlySpan<long> shape) =>
        Write(path, NpyElementType.Float32, MemoryMarshal.AsBytes(elements), elements.Length, shape);

    /// <summary>Writes an array of 64-bit integers.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{float}, ReadOnlySpan{long})"/>
    public static void Write(string path, ReadOnlySpan<long> elements, params ReadOnlySpan<long> shape) =>
        Write(path, NpyElementType.Int64, MemoryMarshal.AsBytes(elements), elements.Length, shape);

    /// <summary>What stands before the elements of an array in single precision, for a file that is written piece by piece.</summary>
    /// <param name="shape">Sizes of the dimensions.</param>
    public static byte[] Header(params ReadOnlySpan<long> shape) => Head(NpyElementType.Float32, shape);

    private static void Write(string path, NpyElementType type, ReadOnlySpan<byte> elements, int count, ReadOnlySpan<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        long product = 1;
        foreach (var size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
            product = checked(product * size);
        }

        if (product != count)
        {
            throw new ArgumentException($"{count} elements, expected {product} for the shape", nameof(shape));
        }

        // Placed in the same folder, so that the rename cannot become a copy.
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(Head(type, shape));
                stream.Write(elements);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static byte[] Head(NpyElementType type, ReadOnlySpan<long> shape)
    {
        var header = new NpyHeader(type, shape.ToArray(), 0, 0);
        var text = $"{{'descr': '{NpyElements.DescriptorOf(type)}', 'fortran_order': False, 'shape': {header.ShapeText}, }}";

        // Magic, version and length take 10 bytes; the newline is the last byte of the padding.
        var padding = Alignment - ((10 + text.Length) % Alignment);
        text += new string(' ', padding - 1) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)(text.Length & 0xFF), (byte)(text.Length >> 8), .. Encoding.ASCII.GetBytes(text)];
    }
}
