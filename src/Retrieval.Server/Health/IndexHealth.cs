namespace Retrieval.Server.Health;

/// <summary>Collects what the monitors know to be damaged in the served index; readiness reports all of it.</summary>
internal sealed class IndexHealth(Readiness readiness)
{
    private readonly Lock _gate = new();
    private string? _missing;
    private string? _changed;

    /// <summary>Reports a file that was truncated or cannot be read; null for none.</summary>
    public void Missing(string? fault)
    {
        lock (_gate)
        {
            _missing = fault;
            Tell();
        }
    }

    /// <summary>Reports bytes that differ from what was committed; null for none.</summary>
    public void Changed(string? fault)
    {
        lock (_gate)
        {
            _changed = fault;
            Tell();
        }
    }

    private void Tell() => readiness.Damage(_missing is null && _changed is null ? null : $"the index is damaged: {string.Join("; ", new[] { _missing, _changed }.OfType<string>())}");
}
