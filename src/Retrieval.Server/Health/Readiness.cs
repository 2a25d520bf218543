namespace Retrieval.Server.Health;

/// <summary>Whether this replica can answer correctly, and whether its process is of any more use. Written by the services that find out, read by requests without a lock.</summary>
internal sealed class Readiness
{
    private volatile ReadyState _loading = ReadyState.No("the model and the index are being loaded");
    private volatile string? _note;
    private volatile string? _device;
    private volatile string? _damage;
    private volatile bool _draining;
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReadyState Current => _draining ? ReadyState.No("this replica is shutting down")
        : _loading.IsReady && (_device ?? _damage) is not null ? new ReadyState(false, [.. new[] { _device, _damage }.OfType<string>()])
        : _loading;

    /// <summary>A note for people about a replica that nevertheless answers correctly; null for none.</summary>
    public string? CurrentNote => _note;

    public void Ready() => _loading = ReadyState.Yes;

    public void NotReady(string reason) => _loading = ReadyState.No(reason);

    public void Note(string? note) => _note = note;

    /// <summary>Whether a model and an index are served, regardless of other faults.</summary>
    public bool IsLoaded => _loading.IsReady;

    /// <summary>Reports why the device cannot compute; null when it can. Independent of what is loaded.</summary>
    public void Device(string? fault) => _device = fault;

    /// <summary>Reports what is known to be damaged in the served index; null for nothing. Independent of the device.</summary>
    public void Damage(string? fault) => _damage = fault;

    /// <summary>Ends, with the reason, when this process cannot compute again: only another one can.</summary>
    public Task<string> LostAsync => _lost.Task;

    /// <summary>Reports that this process cannot compute again. Nothing takes it back.</summary>
    public void Lost(string reason)
    {
        Device(reason);
        _lost.TrySetResult(reason);
    }

    public void Draining() => _draining = true;
}
