using Retrieval.Domain.Errors;

namespace Retrieval.Search.Snapshots;

/// <summary>A further index is held and cannot be searched: it is still loading, or could not be loaded.</summary>
/// <param name="name">The index.</param>
/// <param name="fault">What of it, after its name in a sentence.</param>
public sealed class FurtherIndexException(string name, string fault = "is not loaded") : RetrievalException($"index {name} {fault}")
{
    /// <summary>The index.</summary>
    public string Name { get; } = name;
}
