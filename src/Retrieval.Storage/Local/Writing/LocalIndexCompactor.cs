using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Writing;

/// <summary>Compacts an index that no writer holds.</summary>
public static class LocalIndexCompactor
{
    /// <inheritdoc cref="LocalIndexWriter.CompactAsync"/>
    /// <exception cref="IndexMissingException">There is no index at <paramref name="path"/>.</exception>
    /// <exception cref="IndexLockedException">A writer holds it.</exception>
    public static async Task<long> CompactAsync(string path, CancellationToken cancellation = default)
    {
        var found = ManifestFile.Read(path) ?? throw new IndexMissingException(path);
        using var writer = LocalIndexWriter.OpenOrCreate(path, found.Manifest.Schema);
        return await writer.CompactAsync(cancellation).ConfigureAwait(false);
    }
}
