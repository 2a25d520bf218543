using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Devices;

/// <summary>
/// Memory that a device computes from: the process's own for a CPU, or CUDA's. Only the device may read its addresses. Safe to use
/// from several threads.
/// </summary>
internal abstract class DeviceMemory
{
    /// <summary>The runtime's descriptor of this memory.</summary>
    public abstract OrtMemoryInfo Info { get; }

    /// <summary>Bytes that banks leave free for the runtime's own needs.</summary>
    public abstract long Reserve { get; }

    /// <summary>Total and currently free memory, in bytes.</summary>
    public abstract (long Total, long Free) Measure();

    /// <summary>Allocates memory, at least 64-byte aligned.</summary>
    /// <exception cref="DeviceException">There is not enough memory.</exception>
    public abstract nint Allocate(long bytes);

    /// <summary>Frees memory. Waits for computations that still read it.</summary>
    public abstract void Free(nint address);

    /// <summary>Copies from the process's memory.</summary>
    public abstract void CopyIn(nint target, nint source, long bytes);

    /// <summary>Copies between two non-overlapping ranges of this memory.</summary>
    public abstract void CopyWithin(nint target, nint source, long bytes);

    /// <summary>Returns once all copies have arrived.</summary>
    public abstract void Flush();
}
