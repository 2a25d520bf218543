using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Errors;

/// <summary>
/// Writing to the index failed, for example because the disk is full. The index stays at its last commit and readers are not
/// affected. The writer that raised the error can only be disposed; a new one starts from the last commit.
/// </summary>
public sealed class IndexWriteException(string path, long generation, bool diskFull, Exception innerException)
    : RetrievalException($"index {path}: {(diskFull ? "the disk is full" : "writing failed")} ({innerException.Message}). {(generation == 0 ? "Nothing was changed in it" : $"The index stays at generation {generation}; open a new writer to continue from there")}", innerException)
{
    /// <summary>The index's folder.</summary>
    public string Path { get; } = path;

    /// <summary>
    /// The generation of the last commit, which the index still holds; 0 if the index could not even be opened for writing.
    /// </summary>
    public long Generation { get; } = generation;

    /// <summary>Whether the cause was a lack of space: disk, quota or file size limit.</summary>
    public bool DiskFull { get; } = diskFull;
}
