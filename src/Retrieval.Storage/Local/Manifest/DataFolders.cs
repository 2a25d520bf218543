using System.Globalization;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// The data folders of an index: one in use, and for a while the one before a compaction. A folder is removed only if it is
/// known: the manifest names it as superseded, it carries the mark of a compaction that did not come to its end, or there is
/// nothing in it. Whatever else is found stays.
/// </summary>
internal static class DataFolders
{
    private const string Prefix = "data-";

    // In a folder from before its first byte until a manifest names it.
    private const string UnfinishedName = "unfinished";

    /// <summary>A number that no folder has, left-overs of killed compactions included.</summary>
    public static int NextEpoch(string index, int current) => 1 + Epochs(index).Append(current).Max();

    /// <summary>Numbers of all data folders.</summary>
    public static IEnumerable<int> Epochs(string index)
    {
        foreach (var folder in Directory.EnumerateDirectories(index, Prefix + "*"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan())[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
            {
                yield return epoch;
            }
        }
    }

    /// <summary>Marks a folder as one that no manifest names yet.</summary>
    public static void Mark(string folder)
    {
        File.Create(Path.Combine(folder, UnfinishedName)).Dispose();
        DirectorySync.Flush(folder);
    }

    /// <summary>Whether a folder carries that mark.</summary>
    public static bool IsMarked(string folder) => File.Exists(Path.Combine(folder, UnfinishedName));

    /// <summary>Takes the mark off a folder that a manifest names.</summary>
    public static void Unmark(string folder)
    {
        if (IsMarked(folder))
        {
            File.Delete(Path.Combine(folder, UnfinishedName));
            DirectorySync.Flush(folder);
        }
    }

    /// <summary>Deletes the folders that are known and that neither the current generation nor the one before it uses.</summary>
    public static void DeleteUnused(string index, IndexManifest current)
    {
        Unmark(current.Folder(index));
        foreach (var epoch in Epochs(index).Where(epoch => epoch != current.SlotEpoch && IsUnused(index, epoch, current)).ToList())
        {
            TryDelete(IndexManifest.FolderOf(index, epoch));
        }
    }

    /// <summary>Those of the superseded folders that are still there; null if none is.</summary>
    public static IReadOnlyList<SupersededFolder>? Remaining(string index, IEnumerable<SupersededFolder>? superseded) =>
        superseded?.Where(folder => Directory.Exists(IndexManifest.FolderOf(index, folder.Epoch))).ToList() is { Count: > 0 } left ? left : null;

    /// <summary>Folders that nothing accounts for: no writer touches them.</summary>
    public static IReadOnlyList<int> Unknown(string index, IndexManifest current) =>
        [.. Epochs(index).Where(epoch => epoch != current.SlotEpoch && !IsUnused(index, epoch, current) && current.Superseded?.Any(folder => folder.Epoch == epoch) != true).Order()];

    /// <summary>Deletes a folder; one that cannot be deleted now is tried again by the next writer.</summary>
    public static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It costs room and nothing else: no manifest names it.
        }
    }

    /// <summary>A file of a data folder, relative to the index, that holds bytes of rows or checksums; null if there is none.</summary>
    public static string? FirstFileWithData(string index) => !Directory.Exists(index) ? null : Epochs(index)
        .Order()
        .SelectMany(epoch => FilesWithData(IndexManifest.FolderOf(index, epoch)))
        .Select(file => Path.GetRelativePath(index, file))
        .FirstOrDefault();

    /// <summary>Files of a data folder that hold bytes of rows or checksums.</summary>
    public static IEnumerable<string> FilesWithData(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => !DataOrigin.Owns(Path.GetFileName(file)) && new FileInfo(file).Length > 0);

    private static bool IsUnused(string index, int epoch, IndexManifest current)
    {
        var folder = IndexManifest.FolderOf(index, epoch);
        return current.Superseded?.Any(former => former.Epoch == epoch && former.Generation < current.Generation) == true
            || IsMarked(folder)
            || (current.Superseded?.Any(former => former.Epoch == epoch) != true && !FilesWithData(folder).Any());
    }
}
