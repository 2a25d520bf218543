using Retrieval.Inference;

namespace Retrieval.Server.Configuration;

/// <summary>How the model is run. That its parity vectors are computed and compared is not an option: nothing unproven is served.</summary>
public sealed record InferenceSection
{
    /// <summary>Threads for one graph, 1 to 1024; 0 takes all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Most pairs of one scorer call, 1 to 65536; 0 chooses by the device and the size of the bundle's records.</summary>
    public int PairsPerCall { get; init; } = new InferenceOptions().PairsPerCall;

    internal InferenceOptions Options => new() { Threads = Threads, PairsPerCall = PairsPerCall };
}
