using System.Buffers;

namespace Retrieval.Inference.Records;

/// <summary>A range of the runtime's memory as <see cref="Memory{T}"/>. The owner of the memory must outlive it.</summary>
internal sealed unsafe class NativeBytes(nint address, int length) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => new((void*)address, length);

    // Native memory does not move.
    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)address + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
