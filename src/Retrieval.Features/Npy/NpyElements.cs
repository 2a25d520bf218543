using System.Runtime.InteropServices;

namespace Retrieval.Features.Npy;

/// <summary>Sizes, names and conversions of <see cref="NpyElementType"/>.</summary>
internal static class NpyElements
{
    private static readonly (NpyElementType Type, string Descriptor, int Size)[] Known =
    [
        (NpyElementType.UInt8, "|u1", 1),
        (NpyElementType.Int32, "<i4", 4),
        (NpyElementType.Int64, "<i8", 8),
        (NpyElementType.Float16, "<f2", 2),
        (NpyElementType.Float32, "<f4", 4),
        (NpyElementType.Float64, "<f8", 8),
    ];

    public static string DescriptorList => string.Join(", ", Known.Select(k => k.Descriptor));

    public static int SizeOf(NpyElementType type) => Known[(int)type].Size;

    public static string DescriptorOf(NpyElementType type) => Known[(int)type].Descriptor;

    public static bool TryParse(string descriptor, out NpyElementType type)
    {
        foreach (var known in Known)
        {
            if (known.Descriptor == descriptor)
            {
                type = known.Type;
                return true;
            }
        }

        type = default;
        return false;
    }

    /// <summary>Whether the elements can be converted to single precision: true for all floating-point types.</summary>
    public static bool IsFloat(NpyElementType type) =>
        type is NpyElementType.Float16 or NpyElementType.Float32 or NpyElementType.Float64;

    /// <summary>Converts stored floating-point elements. A double beyond the range of single precision becomes infinite.</summary>
    public static void ToSingle(NpyElementType type, ReadOnlySpan<byte> stored, Span<float> destination)
    {
        switch (type)
        {
            case NpyElementType.Float16:
                Convert(MemoryMarshal.Cast<byte, Half>(stored), destination);
                break;
            case NpyElementType.Float32:
                MemoryMarshal.Cast<byte, float>(stored).CopyTo(destination);
                break;
            case NpyElementType.Float64:
                Convert(MemoryMarshal.Cast<byte, double>(stored), destination);
                break;
            default:
                throw new InvalidOperationException($"{type} is not a floating-point type");
        }
    }

    /// <summary>Converts stored integers.</summary>
    public static void ToInt64(NpyElementType type, ReadOnlySpan<byte> stored, Span<long> destination)
    {
        switch (type)
        {
            case NpyElementType.UInt8:
                for (var i = 0; i < stored.Length; i++)
                {
                    destination[i] = stored[i];
                }

                break;
            case NpyElementType.Int32:
                var narrow = MemoryMarshal.Cast<byte, int>(stored);
                for (var i = 0; i < narrow.Length; i++)
                {
                    destination[i] = narrow[i];
                }

                break;
            case NpyElementType.Int64:
                MemoryMarshal.Cast<byte, long>(stored).CopyTo(destination);
                break;
            default:
                throw new InvalidOperationException($"{type} is not a type of whole numbers");
        }
    }

    private static void Convert(ReadOnlySpan<Half> stored, Span<float> destination)
    {
        for (var i = 0; i < stored.Length; i++)
        {
            destination[i] = (float)stored[i];
        }
    }

    private static void Convert(ReadOnlySpan<double> stored, Span<float> destination)
    {
        for (var i = 0; i < stored.Length; i++)
        {
            destination[i] = (float)stored[i];
        }
    }
}
