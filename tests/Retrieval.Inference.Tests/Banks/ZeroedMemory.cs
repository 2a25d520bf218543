using System.Runtime.InteropServices;

namespace Retrieval.Inference.Tests.Banks;

/// <summary>A stretch of zeros that takes no memory until it is written to.</summary>
internal sealed unsafe class ZeroedMemory(long bytes) : IDisposable
{
    public nint Address { get; } = (nint)NativeMemory.AllocZeroed((nuint)bytes);

    public void Dispose() => NativeMemory.Free((void*)Address);
}
