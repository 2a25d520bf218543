namespace Retrieval.Server.Health;

/// <summary>What is known to be damaged of the index that is served, from whoever looks; readiness says all of it.</summary>
internal sealed class IndexHealth(Readiness readiness)
{
    private readonly Lock _gate = new();
    private string? _missing;
    private string? _changed;

    /// <summary>A file that was cut short or cannot be read; null for none.</summary>
    public void Missing(string? fault)
    {
        lock (_gate)
        {
            _missing = fault;
            Tell();
        }
    }

    /// <summary>Bytes that are not what was committed; null for none.</summary>
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
