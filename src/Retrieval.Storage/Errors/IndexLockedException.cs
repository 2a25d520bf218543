using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Errors;

/// <summary>A second writer asked for an index that another writer, of this process or another, holds.</summary>
public sealed class IndexLockedException(string path, Exception? innerException = null)
    : RetrievalException($"index {path}: another writer holds it; an index has one writer at a time. Its lock goes with its process, so nothing has to be removed by hand", innerException)
{
    /// <summary>The index's folder.</summary>
    public string Path { get; } = path;
}
