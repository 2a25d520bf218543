using System.Runtime.InteropServices;

namespace Retrieval.Inference.Tests;

/// <summary>Memory outside the heap, as a mapped file is.</summary>
internal sealed unsafe class NativeMemoryBlock : IDisposable
{
    public NativeMemoryBlock(ReadOnlySpan<byte> content)
    {
        Address = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, content.Length), 64);
        content.CopyTo(new Span<byte>((void*)Address, content.Length));
    }

    public nint Address { get; }

    public void Dispose() => NativeMemory.AlignedFree((void*)Address);
}
