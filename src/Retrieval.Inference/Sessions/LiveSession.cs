using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Sessions;

/// <summary>A reference-counted session of the runtime: it is disposed of when its last user releases it.</summary>
internal sealed class LiveSession(InferenceSession session)
{
    private readonly Lock _gate = new();
    private OrtIoBinding? _binding;
    private int _users = 1;

    public InferenceSession Session => session;

    /// <summary>The only binding of this session, for the one user that binds.</summary>
    public OrtIoBinding Binding => _binding ??= session.CreateIoBinding();

    public void Hold()
    {
        lock (_gate)
        {
            _users++;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_users > 0)
            {
                return;
            }
        }

        _binding?.Dispose();
        session.Dispose();
    }
}
