using Retrieval.Domain.Errors;

namespace Retrieval.Search.Snapshots;

/// <summary>A further index is held and cannot be searched: it is still loading, or could not be loaded.</summary>
public sealed class FurtherIndexException(string name) : RetrievalException($"index {name} is not loaded")
{
    /// <summary>The index.</summary>
    public string Name { get; } = name;
}
