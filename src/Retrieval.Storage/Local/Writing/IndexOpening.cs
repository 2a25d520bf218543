using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Writing;

/// <summary>The ways to open an index for writing. The caller holds the writer's lock.</summary>
internal static class IndexOpening
{
    /// <summary>Creates the first generation in a folder where nothing was ever committed.</summary>
    public static OpenedIndex Create(string path, IndexLayout layout, IndexSchema schema)
    {
        var store = IndexStore.Create(IndexManifest.FolderOf(path, 1), layout, new DataOrigin(IndexFormat.Current, schema, []), unfinished: false);
        try
        {
            var manifest = new IndexManifest(IndexFormat.Current, 1, 1, schema, RowCounts.None, store.Lengths, store.Seals, [], []);
            ManifestFile.Replace(path, manifest);
            DirectorySync.Flush(Path.GetDirectoryName(path) ?? path);
            return new OpenedIndex(manifest, store, new LiveIds(), []);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens the newest generation. First it is written to both files of the manifest, since data after its end is then cut off:
    /// no remaining manifest may refer to more.
    /// </summary>
    public static OpenedIndex Open(string path, IndexLayout layout, FoundManifest found)
    {
        var manifest = found.Manifest;
        manifest.Validate(path, layout);
        NewestManifest.RequireWritable(path, found);
        using var index = LocalIndex.Open(path, new FoundManifest(manifest));
        ManifestFile.Heal(path, found);
        if (!DataOrigin.Of(manifest).IsIn(manifest.Folder(path)))
        {
            DataOrigin.Of(manifest).Write(manifest.Folder(path));
        }

        var store = IndexStore.Open(manifest.Folder(path), layout, manifest);
        try
        {
            manifest = WithFormer(path, manifest);
            DataFolders.DeleteUnused(path, manifest);
            return new OpenedIndex(manifest, store, LiveIds.Of(index), found.Faults);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Writes the live rows of a generation into the folder of a new epoch, ready to become current.</summary>
    public static (IndexManifest Manifest, IndexStore Store) Rewrite(string path, IndexLayout layout, IndexManifest committed, CancellationToken cancellation)
    {
        using var from = LocalIndex.Open(path, new FoundManifest(committed));
        var generation = committed.Generation + 1;
        var epoch = DataFolders.NextEpoch(path, committed.SlotEpoch);
        var folder = IndexManifest.FolderOf(path, epoch);
        IndexStore? store = null;
        try
        {
            store = IndexStore.Create(folder, layout, DataOrigin.Of(committed), unfinished: true);
            new LiveRowCopier(from, store).Run(cancellation);
            store.Seal(generation);
            var manifest = committed with
            {
                Generation = generation,
                SlotEpoch = epoch,
                Rows = store.Rows,
                Files = store.Lengths,
                Seals = store.Seals,
                Superseded = [.. DataFolders.Remaining(path, committed.Superseded) ?? [], new SupersededFolder(committed.SlotEpoch, generation)],
            };
            return (manifest, store);
        }
        catch
        {
            store?.Dispose();
            DataFolders.TryDelete(folder);
            throw;
        }
    }

    // Earlier versions knew the folder before a compaction from the manifest of the previous generation.
    private static IndexManifest WithFormer(string path, IndexManifest manifest) =>
        ManifestFile.ReadFormer(path) is { } former && former.SlotEpoch < manifest.SlotEpoch && former.Generation < manifest.Generation
        && former.Schema.Fingerprint == manifest.Schema.Fingerprint && manifest.Superseded?.Any(folder => folder.Epoch == former.SlotEpoch) != true
            ? manifest with { Superseded = [.. manifest.Superseded ?? [], new SupersededFolder(former.SlotEpoch, manifest.Generation)] }
            : manifest;
}
