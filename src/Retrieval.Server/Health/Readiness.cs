namespace Retrieval.Server.Health;

/// <summary>Whether this replica can answer correctly. Written by whoever finds out, read by requests without a lock.</summary>
internal sealed class Readiness
{
    private volatile ReadyState _loading = ReadyState.No("the model and the index are being loaded");
    private volatile string? _note;
    private volatile string? _device;
    private volatile string? _damage;
    private volatile bool _draining;

    public ReadyState Current => _draining ? ReadyState.No("this replica is shutting down")
        : _loading.IsReady && (_device ?? _damage) is not null ? new ReadyState(false, [.. new[] { _device, _damage }.OfType<string>()])
        : _loading;

    /// <summary>What a person should know of a replica that answers correctly all the same; null for nothing.</summary>
    public string? CurrentNote => _note;

    public void Ready() => _loading = ReadyState.Yes;

    public void NotReady(string reason) => _loading = ReadyState.No(reason);

    public void Note(string? note) => _note = note;

    /// <summary>Whether a model and an index are served, whatever else there is.</summary>
    public bool IsLoaded => _loading.IsReady;

    /// <summary>Why the device cannot compute; null when it can. Does not concern what is loaded.</summary>
    public void Device(string? fault) => _device = fault;

    /// <summary>What of the index that is served is known to be damaged; null for nothing. Does not concern the device.</summary>
    public void Damage(string? fault) => _damage = fault;

    public void Draining() => _draining = true;
}
