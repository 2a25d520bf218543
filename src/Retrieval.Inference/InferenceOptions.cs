using System.ComponentModel.DataAnnotations;

namespace Retrieval.Inference;

/// <summary>How and where a model is run. That its parity vectors are computed and compared is not an option: nothing unproven is served.</summary>
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
    /// Most bytes that resident banks take of the device's memory; 0 for all that is free. For a device that is shared.
    /// </summary>
    [Range(0, 1L << 50)]
    public long DeviceMemoryBytes { get; init; }

    /// <summary>Where banks lie.</summary>
    public BankPlacement BankPlacement { get; init; }

    /// <summary>Path of ONNX Runtime's CUDA provider; empty for <c>libonnxruntime_providers_cuda.so</c> beside the program.</summary>
    public string ProviderLibrary { get; init; } = "";

    /// <summary>Threads for one graph on the CPU; 0 takes all cores.</summary>
    [Range(0, MostThreads)]
    public int Threads { get; init; }

    /// <summary>
    /// Most pairs of one scorer call; 0 chooses: on a CPU from the size of the bundle's records, so that what
    /// a call touches stays in the caches (docs/devices.md has the rule, docs/benchmarks.md the measurement), on CUDA 1024.
    /// </summary>
    [Range(0, MostPairsPerCall)]
    public int PairsPerCall { get; init; }

    /// <summary>Whether calls are filled up to one of a few sizes; null where it helps, on CUDA.</summary>
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
