using System.Globalization;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// The data folders of an index: the one in use and, for a while, the one before a compaction. A folder is removed only if it is
/// known: the manifest names it as superseded, it has the mark of an unfinished compaction, or it contains no data. Any other
/// folder stays.
/// </summary>
internal static class DataFolders
{
    private const string Prefix = "data-";

    // Present in a folder from before its first byte until a manifest names the folder.
    private const string UnfinishedName = "unfinished";

    /// <summary>A number that no folder has, including leftovers of killed compactions.</summary>
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

    /// <summary>Marks a folder as not yet named by any manifest.</summary>
    public static void Mark(string folder)
    {
        File.Create(Path.Combine(folder, UnfinishedName)).Dispose();
        DirectorySync.Flush(folder);
    }

    /// <summary>Whether a folder has that mark.</summary>
    public static bool IsMarked(string folder) => File.Exists(Path.Combine(folder, UnfinishedName));

    /// <summary>Removes the mark from a folder that a manifest names.</summary>
    public static void Unmark(string folder)
    {
        if (IsMarked(folder))
        {
            File.Delete(Path.Combine(folder, UnfinishedName));
            DirectorySync.Flush(folder);
        }
    }

    /// <summary>Deletes the known folders that neither the current generation nor the previous one uses.</summary>
    public static void DeleteUnused(string index, IndexManifest current)
    {
        Unmark(current.Folder(index));
        foreach (var epoch in Epochs(index).Where(epoch => epoch != current.SlotEpoch && IsUnused(index, epoch, current)).ToList())
        {
            TryDelete(IndexManifest.FolderOf(index, epoch));
        }
    }

    /// <summary>The superseded folders that still exist; null if none does.</summary>
    public static IReadOnlyList<SupersededFolder>? Remaining(string index, IEnumerable<SupersededFolder>? superseded) =>
        superseded?.Where(folder => Directory.Exists(IndexManifest.FolderOf(index, folder.Epoch))).ToList() is { Count: > 0 } left ? left : null;

    /// <summary>Folders that are unaccounted for: no writer touches them.</summary>
    public static IReadOnlyList<int> Unknown(string index, IndexManifest current) =>
        [.. Epochs(index).Where(epoch => epoch != current.SlotEpoch && !IsUnused(index, epoch, current) && current.Superseded?.Any(folder => folder.Epoch == epoch) != true).Order()];

    /// <summary>Deletes a folder. If it cannot be deleted now, the next writer tries again.</summary>
    public static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It only takes up space: no manifest names it.
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
