using System.Globalization;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Files;

/// <summary>The data folders of an index: one in use, and for a while the one before a compaction.</summary>
internal static class DataFolders
{
    private const string Prefix = "data-";

    /// <summary>A number that no folder has, left-overs of killed compactions included.</summary>
    public static int NextEpoch(string index, int current) => 1 + Epochs(index).Append(current).Max();

    /// <summary>Deletes the folders that neither the current nor the previous manifest names.</summary>
    public static void DeleteUnused(string index, IndexManifest current)
    {
        var previous = ManifestFile.ReadPrevious(index)?.SlotEpoch;
        foreach (var epoch in Epochs(index).Where(epoch => epoch != current.SlotEpoch && epoch != previous).ToList())
        {
            TryDelete(IndexManifest.FolderOf(index, epoch));
        }
    }

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

    private static IEnumerable<int> Epochs(string index)
    {
        foreach (var folder in Directory.EnumerateDirectories(index, Prefix + "*"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan())[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
            {
                yield return epoch;
            }
        }
    }
}
