namespace Retrieval.Inference;

/// <summary>Where graphs are to run.</summary>
public enum ProviderChoice
{
    /// <summary>On CUDA if its provider and a device are there, else on the CPU.</summary>
    Auto,

    /// <summary>On the CPU.</summary>
    Cpu,

    /// <summary>On CUDA, or not at all.</summary>
    Cuda,
}
