namespace Retrieval.Inference;

/// <summary>Where graphs should run.</summary>
public enum ProviderChoice
{
    /// <summary>On CUDA if its provider and a device are available, otherwise on the CPU.</summary>
    Auto,

    /// <summary>On the CPU.</summary>
    Cpu,

    /// <summary>On CUDA, or not at all.</summary>
    Cuda,
}
