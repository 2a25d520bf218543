using Retrieval.Domain.Errors;

namespace Retrieval.Inference;

/// <summary>The runtime failed on inputs that passed validation. The request or batch that caused it fails; the model stays usable.</summary>
public sealed class InferenceException(string graph, string reason, Exception? innerException = null, bool deviceFault = false)
    : RetrievalException($"{graph}: {reason}", innerException)
{
    /// <summary>The graph that was running, e.g. <c>text_encoder.onnx</c>.</summary>
    public string Graph { get; } = graph;

    /// <summary>
    /// Whether the device or its memory failed, and not the inputs. The graph's session is recreated before it runs again; a smaller
    /// batch may succeed. A device that has failed permanently fails every batch until the process is restarted.
    /// </summary>
    public bool DeviceFault { get; } = deviceFault;
}
