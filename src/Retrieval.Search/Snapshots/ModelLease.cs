using Retrieval.Inference;

namespace Retrieval.Search.Snapshots;

/// <summary>A lease on the served model without the index: for long work, which would otherwise keep old generations mapped.</summary>
public sealed class ModelLease : IDisposable
{
    private readonly SharedModel _model;
    private int _disposed;

    internal ModelLease(SharedModel model, ServedIndex? served)
    {
        _model = model;
        Served = served;
        model.Hold();
    }

    /// <summary>The model; valid until this lease is disposed of, whatever is served in the meantime.</summary>
    public MatchingModel Model => _model.Model;

    /// <summary>The catalog's index that is served with it; null in embedded mode.</summary>
    public ServedIndex? Served { get; }

    /// <summary>Releases the lease.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _model.Release();
        }
    }
}
