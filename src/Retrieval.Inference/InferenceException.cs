using Retrieval.Domain.Errors;

namespace Retrieval.Inference;

/// <summary>The runtime failed on inputs that passed validation. The request or batch that caused it fails; the model stays usable.</summary>
public sealed class InferenceException(string graph, string reason, Exception? innerException = null, bool deviceFault = false)
    : RetrievalException($"{graph}: {reason}", innerException)
{
    /// <summary>Which graph was running, e.g. <c>text_encoder.onnx</c>.</summary>
    public string Graph { get; } = graph;

    /// <summary>
    /// Whether the device or its memory gave out, and not the inputs. The graph's session is made anew before it runs
    /// again; a smaller batch may pass. A device that has failed for good fails every call until the process is restarted.
    /// </summary>
    public bool DeviceFault { get; } = deviceFault;
}
