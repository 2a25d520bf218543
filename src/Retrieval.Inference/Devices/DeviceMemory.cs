using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Devices;

/// <summary>
/// Memory that a device computes from: the process's own for a CPU, or CUDA's. Addresses are the device's and may be
/// read by nobody else. Safe to use from several threads.
/// </summary>
internal abstract class DeviceMemory
{
    /// <summary>The runtime's name of this memory.</summary>
    public abstract OrtMemoryInfo Info { get; }

    /// <summary>What is left untaken by banks, for the runtime's own needs.</summary>
    public abstract long Reserve { get; }

    /// <summary>All there is, and what is free now, in bytes.</summary>
    public abstract (long Total, long Free) Measure();

    /// <summary>Takes memory, at least 64-byte aligned.</summary>
    /// <exception cref="DeviceException">There is not as much.</exception>
    public abstract nint Allocate(long bytes);

    /// <summary>Gives memory back. Waits for what still computes from it.</summary>
    public abstract void Free(nint address);

    /// <summary>Copies from the process's memory.</summary>
    public abstract void CopyIn(nint target, nint source, long bytes);

    /// <summary>Copies between two places of this memory that do not overlap.</summary>
    public abstract void CopyWithin(nint target, nint source, long bytes);

    /// <summary>Returns once all copies have arrived.</summary>
    public abstract void Flush();
}
