using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Writing;

/// <summary>Takes the lock of an index and opens its newest generation, or creates an empty one.</summary>
internal static class WriterOpening
{
    /// <param name="path">The index's folder, a full path.</param>
    /// <param name="schema">What the index stores.</param>
    /// <param name="served">A generation that is open for reading: a folder that lost the index, or holds only an older
    /// generation, is not written to. Null to open whatever is there.</param>
    /// <exception cref="Domain.Errors.RetrievalException">As <see cref="LocalIndexWriter.OpenOrCreate"/> and
    /// <see cref="LocalIndexWriter.OpenServed"/>. The lock is released.</exception>
    public static (WriterLock Lock, OpenedIndex Opened) Open(string path, IndexSchema schema, LocalIndex? served)
    {
        schema.Validate();
        long generation = 0;
        WriterLock? heldLock = null;
        try
        {
            if (served is not null && (!Directory.Exists(path) || ManifestFile.TraceIn(path) is null))
            {
                throw new ManifestLostException(path, ManifestFile.Name, $"generation {served.Generation} is served, and nothing of it is left in its folder");
            }

            heldLock = WriterLock.Take(path);
            var layout = new IndexLayout(schema);
            var found = ManifestFile.Read(path);
            if (found is not null)
            {
                schema.Match(path, found.Manifest.Schema);
                generation = found.Manifest.Generation;
            }

            if (served is not null && generation < served.Generation)
            {
                throw new ManifestLostException(path, ManifestFile.Name, $"generation {served.Generation} is served, and {(found is null ? "there is none" : $"it is of generation {generation}")}");
            }

            return (heldLock, found is null ? IndexOpening.Create(path, layout, schema) : IndexOpening.Open(path, layout, found));
        }
        catch (Exception e)
        {
            heldLock?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new IndexWriteException(path, generation, DiskFile.IsFull(e), e);
            }

            throw;
        }
    }
}
