using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Devices;

/// <summary>The memory of one CUDA device.</summary>
internal sealed class CudaMemory(int device, OrtMemoryInfo info) : DeviceMemory
{
    public override OrtMemoryInfo Info { get; } = info;

    // Sessions have allocated their first chunks by the time banks are loaded, including those of the scorers' largest batch. This
    // reserve is for later needs: encoding a larger batch, workspaces of cuBLAS.
    public override long Reserve => 512L << 20;

    public override (long Total, long Free) Measure() => CudaRuntime.Memory(device);

    public override nint Allocate(long bytes) => CudaRuntime.Allocate(device, bytes);

    public override void Free(nint address) => CudaRuntime.Free(device, address);

    public override void CopyIn(nint target, nint source, long bytes) => CudaRuntime.CopyIn(device, target, source, bytes);

    public override void CopyWithin(nint target, nint source, long bytes) => CudaRuntime.CopyWithin(device, target, source, bytes);

    public override void Flush() => CudaRuntime.Flush(device);
}
