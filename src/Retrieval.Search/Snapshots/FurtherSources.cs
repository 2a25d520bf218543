using System.Collections.Concurrent;

namespace Retrieval.Search.Snapshots;

/// <summary>The further indexes beside the one that is served.</summary>
internal sealed class FurtherSources : IDisposable
{
    private readonly ConcurrentDictionary<string, SnapshotSource> _sources = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _model = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Their names, in order.</summary>
    public IReadOnlyList<string> Names => [.. _sources.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Ends once a model is served.</summary>
    public Task ModelAsync => _model.Task;

    public SnapshotSource Add(string name, SnapshotSource source) =>
        _sources.TryAdd(name, source) ? source : throw new ArgumentException($"there is an index '{name}' already", nameof(name));

    /// <summary>The source of this name; null if there is none.</summary>
    public SnapshotSource? Find(string name) => _sources.GetValueOrDefault(name);

    public void ModelIsThere() => _model.TrySetResult();

    /// <summary>Another model is served: what the former one has opened ends.</summary>
    public void Withdraw()
    {
        foreach (var source in _sources.Values)
        {
            source.Withdraw();
        }
    }

    public void Dispose()
    {
        foreach (var source in _sources.Values)
        {
            source.Dispose();
        }
    }
}
