using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Writing;

/// <summary>The ways in which an index becomes ready to be written. The caller holds the writer's lock.</summary>
internal static class IndexOpening
{
    public static OpenedIndex Create(string path, IndexLayout layout, IndexSchema schema)
    {
        // Generation 1 is committed before the first row can be appended, so data without a manifest is not ours to empty.
        var stray = Directory.EnumerateDirectories(path, "data-*")
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .FirstOrDefault(file => new FileInfo(file).Length > 0);
        if (stray is not null)
        {
            throw new IndexCorruptException(path, ManifestFile.Name, $"there is data ({Path.GetRelativePath(path, stray)}) but no manifest");
        }

        var store = IndexStore.Create(IndexManifest.FolderOf(path, 1), layout);
        try
        {
            var manifest = new IndexManifest(IndexManifest.CurrentFormat, 1, 1, schema, RowCounts.None, store.Lengths, store.Seals, [], []);
            ManifestFile.Replace(path, manifest, keepPrevious: true);
            DirectorySync.Flush(Path.GetDirectoryName(path) ?? path);
            return new OpenedIndex(manifest, store, new LiveIds(), Previous: false);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public static OpenedIndex Open(string path, IndexLayout layout, IndexManifest manifest)
    {
        manifest.Validate(path, layout);
        var store = IndexStore.Open(manifest.Folder(path), layout, manifest);
        try
        {
            using var index = LocalIndex.Open(path, new FoundManifest(manifest, FromPrevious: false));
            DataFolders.DeleteUnused(path, manifest);
            return new OpenedIndex(manifest, store, LiveIds.Of(index), Previous: false);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    // Readers may have the generation of the torn manifest mapped. Cutting its files back under them would end their
    // processes, so the generation before it goes on in a folder of its own. Its number skips the torn one's.
    public static OpenedIndex Recover(string path, IndexLayout layout, FoundManifest found)
    {
        var (manifest, store) = Rewrite(path, layout, found, found.Manifest.Generation + 2, CancellationToken.None);
        try
        {
            ManifestFile.Replace(path, manifest, keepPrevious: false);
            using var index = LocalIndex.Open(path, new FoundManifest(manifest, FromPrevious: false));
            return new OpenedIndex(manifest, store, LiveIds.Of(index), Previous: true);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Writes the live rows of <paramref name="found"/> into the folder of a new epoch, ready to be made current.</summary>
    public static (IndexManifest Manifest, IndexStore Store) Rewrite(string path, IndexLayout layout, FoundManifest found, long generation, CancellationToken cancellation)
    {
        using var from = LocalIndex.Open(path, found);
        var epoch = DataFolders.NextEpoch(path, found.Manifest.SlotEpoch);
        var store = IndexStore.Create(IndexManifest.FolderOf(path, epoch), layout);
        try
        {
            new LiveRowCopier(from, store).Run(cancellation);
            store.Seal();
            var manifest = found.Manifest with
            {
                Generation = generation,
                SlotEpoch = epoch,
                Rows = store.Rows,
                Files = store.Lengths,
                Seals = store.Seals,
            };
            return (manifest, store);
        }
        catch
        {
            store.Dispose();
            DataFolders.TryDelete(IndexManifest.FolderOf(path, epoch));
            throw;
        }
    }
}
