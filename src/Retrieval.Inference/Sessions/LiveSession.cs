using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Sessions;

/// <summary>A session of the runtime with those who use it counted, so that it goes when the last of them is through.</summary>
internal sealed class LiveSession(InferenceSession session)
{
    private readonly Lock _gate = new();
    private OrtIoBinding? _binding;
    private int _users = 1;

    public InferenceSession Session => session;

    /// <summary>The one binding of this session, for its one user that binds.</summary>
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
