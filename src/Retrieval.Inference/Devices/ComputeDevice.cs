using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Devices;

/// <summary>The device where a model computes, and why it was chosen.</summary>
public sealed class ComputeDevice
{
    private const string Cpu = "CPUExecutionProvider";

    // TF32 would multiply float32 with a mantissa of ten bits: the error of scores would exceed a bundle's tolerance. The arena
    // grows by the requested size: doubling would take unused memory away from the banks.
    private static readonly Dictionary<string, string> CudaOptions = new()
    {
        ["use_tf32"] = "0",
        ["arena_extend_strategy"] = "kSameAsRequested",
    };

    private readonly OrtEpDevice? _cuda;

    private ComputeDevice(string provider, string name, string reason, OrtEpDevice? cuda, DeviceMemory memory, long limit)
    {
        (Provider, Name, Reason, _cuda) = (provider, name, reason, cuda);
        Budget = new MemoryBudget(memory, limit);
        TotalBytes = memory.Measure().Total;
    }

    /// <summary>The runtime's name for the provider, e.g. <c>CPUExecutionProvider</c>.</summary>
    public string Provider { get; }

    /// <summary>The device, for people to read, e.g. <c>CUDA device 0 (NVIDIA)</c>.</summary>
    public string Name { get; }

    /// <summary>Why this device was chosen, as a sentence for the log.</summary>
    public string Reason { get; }

    /// <summary>The device's total memory; on a CPU, the memory the process may use.</summary>
    public long TotalBytes { get; }

    internal bool IsCuda => _cuda is not null;

    internal MemoryBudget Budget { get; }

    /// <summary>Memory available for another bank now, in bytes: what is free, within the configured limit.</summary>
    public long FreeBytes() => Budget.Available();

    /// <summary>Finds the device that the options ask for.</summary>
    /// <exception cref="DeviceException">CUDA is required and not available.</exception>
    internal static ComputeDevice Choose(InferenceOptions options) => options.Provider switch
    {
        ProviderChoice.Cpu => OnCpu("the configuration says so", options),
        ProviderChoice.Cuda => OnCuda("the configuration says so", options),
        _ when !File.Exists(CudaPlugIn.PathOf(options)) => OnCpu($"there is no CUDA provider at {CudaPlugIn.PathOf(options)}", options),
        _ => OnCudaIfThere(options),
    };

    /// <summary>Configures a session to run on this device.</summary>
    internal void Configure(SessionOptions settings)
    {
        if (_cuda is not null)
        {
            settings.AppendExecutionProvider(OrtEnv.Instance(), [_cuda], CudaOptions);
        }
    }

    // Most machines without a GPU have no driver either, and need not be told which of CUDA's libraries are missing as well.
    private static ComputeDevice OnCudaIfThere(InferenceOptions options)
    {
        if (!CudaRuntime.HasDriver())
        {
            return OnCpu($"this machine has no NVIDIA driver ({CudaRuntime.Driver})", options);
        }

        try
        {
            return OnCuda("its provider and a device are there", options);
        }
        catch (DeviceException exception)
        {
            return OnCpu(exception.Message, options);
        }
    }

    private static ComputeDevice OnCpu(string reason, InferenceOptions options) =>
        new(Cpu, $"CPU ({UsableProcessors.Cores} {(UsableProcessors.Cores == 1 ? "core" : "cores")})", $"CPU: {reason}", null, new HostMemory(), options.DeviceMemoryBytes);

    private static ComputeDevice OnCuda(string reason, InferenceOptions options)
    {
        var device = CudaPlugIn.Find(options);
        var info = device.GetMemoryInfo(OrtDeviceMemoryType.DEFAULT);
        if (info.IsInvalid)
        {
            info = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, options.DeviceId, OrtMemType.Default);
        }

        try
        {
            return new ComputeDevice(
                CudaPlugIn.Provider, $"CUDA device {options.DeviceId} ({device.HardwareDevice.Vendor})", $"CUDA: {reason}", device, new CudaMemory(options.DeviceId, info), options.DeviceMemoryBytes);
        }
        catch (DllNotFoundException exception)
        {
            throw new DeviceException($"the provider cuda needs {CudaRuntime.Library}: {exception.Message}", exception);
        }
    }
}
