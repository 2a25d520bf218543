using Retrieval.Inference;

namespace Retrieval.Server.Configuration;

/// <summary>How and where the model is run. That its parity vectors are computed and compared is not an option: nothing unproven is served.</summary>
public sealed record InferenceSection
{
    /// <summary>Where graphs run: <c>auto</c>, <c>cuda</c> or <c>cpu</c>.</summary>
    public string Provider { get; init; } = "auto";

    /// <summary>Which of the machine's CUDA devices, 0 to 1024.</summary>
    public int DeviceId { get; init; }

    /// <summary>Most bytes that resident banks take of the device's memory; 0 for all that is free.</summary>
    public long DeviceMemoryBytes { get; init; }

    /// <summary>Where banks lie: <c>auto</c>, <c>mapped</c> or <c>resident</c>.</summary>
    public string BankPlacement { get; init; } = "auto";

    /// <summary>Path of ONNX Runtime's CUDA provider; empty for the one beside the program.</summary>
    public string ProviderLibrary { get; init; } = "";

    /// <summary>Threads for one graph on the CPU, 1 to 1024; 0 takes all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Most pairs of one scorer call, 1 to 65536; 0 chooses by the device and the size of the bundle's records.</summary>
    public int PairsPerCall { get; init; } = new InferenceOptions().PairsPerCall;

    internal InferenceOptions Options => new()
    {
        Provider = Enum.Parse<ProviderChoice>(Provider, ignoreCase: true),
        DeviceId = DeviceId,
        DeviceMemoryBytes = DeviceMemoryBytes,
        BankPlacement = Enum.Parse<BankPlacement>(BankPlacement, ignoreCase: true),
        ProviderLibrary = ProviderLibrary.Length == 0 ? null : ProviderLibrary,
        Threads = Threads,
        PairsPerCall = PairsPerCall,
    };
}
