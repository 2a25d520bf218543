using System.ComponentModel.DataAnnotations;

namespace Retrieval.Inference;

/// <summary>
/// How and where a model is run. Computing and comparing its parity vectors is not optional: nothing unverified is served.
/// </summary>
public sealed record InferenceOptions
{
    private const int MostThreads = 1024;
    private const int MostPairsPerCall = 65_536;
    private const int MostDevices = 1024;

    /// <summary>Where graphs run.</summary>
    public ProviderChoice Provider { get; init; }

    /// <summary>Which of the machine's CUDA devices, from 0, in CUDA's own order.</summary>
    [Range(0, MostDevices)]
    public int DeviceId { get; init; }

    /// <summary>
    /// Most bytes of device memory for resident banks; 0 for all free memory. For a shared device.
    /// </summary>
    [Range(0, 1L << 50)]
    public long DeviceMemoryBytes { get; init; }

    /// <summary>Where banks are stored.</summary>
    public BankPlacement BankPlacement { get; init; }

    /// <summary>Path of ONNX Runtime's CUDA provider; empty for <c>libonnxruntime_providers_cuda.so</c> in the program's folder.</summary>
    public string ProviderLibrary { get; init; } = "";

    /// <summary>Threads for one graph on the CPU; 0 uses all cores that the process may run on: a cgroup's cpuset and quota are heeded.</summary>
    [Range(0, MostThreads)]
    public int Threads { get; init; }

    /// <summary>
    /// Most pairs in one batch of a scorer; 0 chooses: on a CPU from the size of the bundle's records, so that the data of a batch stays
    /// in the caches (docs/devices.md has the rule, docs/benchmarks.md the measurement), on CUDA 1024.
    /// </summary>
    [Range(0, MostPairsPerCall)]
    public int PairsPerCall { get; init; }

    /// <summary>Whether batches are padded to one of a few sizes; null chooses this where it helps, on CUDA.</summary>
    internal bool? PadPairs { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, MostThreads);
        ArgumentOutOfRangeException.ThrowIfNegative(PairsPerCall);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PairsPerCall, MostPairsPerCall);
        ArgumentOutOfRangeException.ThrowIfNegative(DeviceId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DeviceId, MostDevices);
        ArgumentOutOfRangeException.ThrowIfNegative(DeviceMemoryBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)Provider, (int)ProviderChoice.Cuda, nameof(Provider));
        ArgumentOutOfRangeException.ThrowIfNegative((int)Provider, nameof(Provider));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)BankPlacement, (int)BankPlacement.Resident, nameof(BankPlacement));
        ArgumentOutOfRangeException.ThrowIfNegative((int)BankPlacement, nameof(BankPlacement));
    }
}
