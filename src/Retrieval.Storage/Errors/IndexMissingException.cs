using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Errors;

/// <summary>A folder in which no index was ever committed.</summary>
public sealed class IndexMissingException(string path)
    : RetrievalException($"index {path}: there is no index in this folder (no manifest.json)")
{
    /// <summary>The requested folder.</summary>
    public string Path { get; } = path;
}
