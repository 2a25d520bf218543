using Retrieval.Domain.Errors;

namespace Retrieval.Inference;

/// <summary>The runtime failed on inputs that passed validation. The request or batch that caused it fails; the model stays usable.</summary>
public sealed class InferenceException(string graph, string reason, Exception? innerException = null)
    : RetrievalException($"{graph}: {reason}", innerException)
{
    /// <summary>Which graph was running, e.g. <c>text_encoder.onnx</c>.</summary>
    public string Graph { get; } = graph;

    /// <summary>Whether the device or its memory failed, rather than the computation on these inputs.</summary>
    public bool DeviceFault { get; init; }
}
