using System.Buffers;
using System.Runtime.InteropServices;

namespace Retrieval.Storage.Rows;

/// <summary>Views arrays of numbers as the bytes that <see cref="FieldRows"/> needs, without a copy.</summary>
public static class RowBytes
{
    /// <summary>The bytes of <paramref name="values"/>.</summary>
    /// <exception cref="ArgumentException">More than 2³¹ - 1 bytes.</exception>
    public static ReadOnlyMemory<byte> Of<T>(ReadOnlyMemory<T> values)
        where T : unmanaged => values.IsEmpty ? default : new View<T>(MemoryMarshal.AsMemory(values)).Memory;

    /// <inheritdoc cref="Of{T}(ReadOnlyMemory{T})"/>
    public static ReadOnlyMemory<byte> Of<T>(T[] values)
        where T : unmanaged => Of<T>(values.AsMemory());

    private sealed class View<T>(Memory<T> values) : MemoryManager<byte>
        where T : unmanaged
    {
        public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(values.Span);

        public override MemoryHandle Pin(int elementIndex = 0) =>
            throw new NotSupportedException("pin the array itself");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
