using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// Reads and replaces the manifest. Each generation is written twice, first to the copy and then to the manifest itself, so
/// that damage to one file loses nothing: the copy is never older than the manifest.
/// </summary>
internal static class ManifestFile
{
    public const string Name = "manifest.json";
    public const string CopyName = "manifest.copy.json";

    /// <summary>
    /// The previous generation, which earlier versions kept instead of a copy. It is read to recognise such an index, never
    /// opened.
    /// </summary>
    public const string FormerName = "manifest.previous.json";

    private const string NextSuffix = ".next";

    /// <summary>The newest generation; null if none was ever committed.</summary>
    /// <exception cref="ManifestLostException">The newest generation cannot be determined.</exception>
    /// <exception cref="IndexMismatchException">The index has an unknown format.</exception>
    public static FoundManifest? Read(string index)
    {
        // The order matters: a commit between the two reads then appears as a newer copy, which is allowed, and never as an older one.
        var main = ManifestText.Read(index, Name);
        var copy = ManifestText.Read(index, CopyName);
        if (main.Found is null && copy.Found is null)
        {
            return Lost(index, main, copy);
        }

        if (main.Found is null)
        {
            RequireNoLaterFormer(index, copy.Found!);
            return copy.Found! with { Alone = true, Faults = [new ManifestFault(Name, main.Fault ?? "the file is missing")] };
        }

        if (copy.Found is null)
        {
            return copy.Fault is null && File.Exists(Path.Combine(index, FormerName))
                ? main.Found
                : main.Found with { Alone = true, Faults = [new ManifestFault(CopyName, copy.Fault ?? "the file is missing")] };
        }

        var (one, two) = (main.Found.Manifest.Generation, copy.Found.Manifest.Generation);
        if (two > one)
        {
            return two == one + 1 ? copy.Found : Ahead(index, main.Found, copy.Found);
        }

        return main.Found.Checksum == copy.Found.Checksum
            ? main.Found with { Twice = true }
            : main.Found with { Faults = [new ManifestFault(CopyName, two < one ? $"it is of generation {two}, {Name} of generation {one}" : $"it is another manifest of generation {one} than {Name}")] };
    }

    /// <summary>A file or folder that shows that a folder is an index, whatever its state; null if there is none.</summary>
    public static string? TraceIn(string folder) =>
        new[] { Name, CopyName, FormerName }.FirstOrDefault(name => File.Exists(Path.Combine(folder, name)))
        ?? DataFolders.Epochs(folder).Order().Select(epoch => Path.GetFileName(IndexManifest.FolderOf(folder, epoch))).FirstOrDefault();

    /// <summary>The manifest of the previous generation that an earlier version kept, if it exists and can be read.</summary>
    public static IndexManifest? ReadFormer(string index) => ManifestText.Read(index, FormerName).Found?.Manifest;

    /// <summary>
    /// Makes <paramref name="manifest"/> the current one, durably. At every moment both files are whole, and the copy is of the
    /// manifest's generation or of the next one.
    /// </summary>
    public static void Replace(string index, IndexManifest manifest)
    {
        Write(index, ManifestText.Encode(manifest), CopyName, Name);
        File.Delete(Path.Combine(index, FormerName));
    }

    /// <summary>Writes what was found to both files, unless both already hold it.</summary>
    public static void Heal(string index, FoundManifest found)
    {
        if (!found.Twice)
        {
            Write(index, File.ReadAllBytes(Path.Combine(index, found.File)), found.File == CopyName ? [Name] : [CopyName]);
        }
    }

    // Both are on disk before the first is renamed, so that a full disk fails a commit before it becomes visible.
    private static void Write(string index, byte[] bytes, params string[] names)
    {
        foreach (var name in names)
        {
            using var file = File.OpenHandle(Path.Combine(index, name + NextSuffix), FileMode.Create, FileAccess.Write, FileShare.Read);
            DiskFile.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
        }

        foreach (var name in names)
        {
            File.Move(Path.Combine(index, name + NextSuffix), Path.Combine(index, name), overwrite: true);
            DirectorySync.Flush(index);
        }
    }

    private static FoundManifest? Lost(string index, ManifestText main, ManifestText copy)
    {
        var former = File.Exists(Path.Combine(index, FormerName));
        if (main.Fault is null && copy.Fault is null && !former && DataFolders.FirstFileWithData(index) is not { } stray)
        {
            return null;
        }
        else
        {
            var evidence = former ? $"{FormerName} is there, of an older generation" : DataFolders.FirstFileWithData(index) is { } file ? $"there is data ({file})" : "something was committed";
            throw new ManifestLostException(index, Name, $"{main.Fault ?? "the file is missing"}; {CopyName}: {copy.Fault ?? "the file is missing"}; and {evidence}");
        }
    }

    // Earlier versions know no copy. Their commits leave the copy unchanged, and appear in the file that they keep.
    private static void RequireNoLaterFormer(string index, FoundManifest copy)
    {
        var former = ManifestText.Read(index, FormerName);
        if (former.Fault is not null || former.Found?.Manifest.Generation >= copy.Manifest.Generation)
        {
            throw new ManifestLostException(index, Name, $"it is missing or damaged, and {CopyName} is older: {FormerName} shows that an earlier version has committed since");
        }
    }

    private static FoundManifest Ahead(string index, FoundManifest main, FoundManifest copy)
    {
        // Either several commits happened between the two reads, or somebody replaced the newest manifest with an older one.
        var again = ManifestText.Read(index, Name).Found?.Manifest.Generation ?? main.Manifest.Generation;
        return again > main.Manifest.Generation
            ? copy
            : copy with { Faults = [new ManifestFault(Name, $"it is of generation {main.Manifest.Generation}, {CopyName} of generation {copy.Manifest.Generation}")] };
    }
}
