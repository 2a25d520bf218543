using Retrieval.Inference;
using Retrieval.Inference.Devices;

namespace Retrieval.Server.Tests.Engine;

/// <summary>A device whose context can be lost, without having one.</summary>
internal sealed class LostContext() : DeviceContext(new InferenceOptions())
{
    private volatile bool _isLost;
    private volatile int _asked;

    public bool IsLost { set => _isLost = value; }

    /// <summary>How often it was asked.</summary>
    public int Asked => _asked;

    public override string? Fault()
    {
        _asked++;
        return _isLost ? "CUDA: cudaStreamSynchronize failed: an illegal memory access was encountered (error 700)" : null;
    }
}
