using Retrieval.Inference;

namespace Retrieval.Search.Snapshots;

/// <summary>The model that is served, without the index: for long work, which would otherwise keep old generations mapped.</summary>
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

    /// <summary>The model; valid until this is disposed of, whatever is served meanwhile.</summary>
    public MatchingModel Model => _model.Model;

    /// <summary>The index of the catalog that is served with it; null in embedded mode.</summary>
    public ServedIndex? Served { get; }

    /// <summary>Gives the lease back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _model.Release();
        }
    }
}
