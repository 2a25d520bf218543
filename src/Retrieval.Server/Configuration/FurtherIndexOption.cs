using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Server.Configuration;

/// <summary>One of the further indexes that a server holds beside the one that it serves.</summary>
/// <param name="Name">What requests call it; with a catalog, its name there.</param>
/// <param name="Folder">Folder of the local index; null with a catalog, of which the server makes its own copy.</param>
internal sealed record FurtherIndexOption(string Name, string? Folder)
{
    private const char Separator = ';';
    private const char Naming = '=';

    // Of a replica's cache folder. No copy of the served index has this name.
    private const string CopiesFolder = "also";

    /// <summary>Where a replica keeps its copies of an index that it holds besides.</summary>
    /// <param name="cache">The folder of its copies of the served index.</param>
    /// <param name="name">The index.</param>
    public static string CopiesOf(string cache, string name) => Path.Combine(cache, CopiesFolder, name);

    /// <summary>Reads <see cref="ServerSnapshotOptions.Also"/>. What is at fault is left out.</summary>
    /// <param name="also">Names, or with a local index folders, each with or without a name before it.</param>
    /// <param name="served">Folder of the local index that is served; null with a catalog.</param>
    /// <param name="faults">Receives the faults.</param>
    public static IReadOnlyList<FurtherIndexOption> Read(string also, string? served, List<string> faults)
    {
        const string key = "Snapshot:Also (--also)";
        var read = new List<FurtherIndexOption>();
        foreach (var entry in also.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var option = Of(entry, local: served is not null);
            if (!IndexName.IsValid(option.Name))
            {
                faults.Add(served is null
                    ? $"{key} holds '{entry}'; expected names of indexes of the catalog, separated by semicolons"
                    : $"{key} holds '{entry}', and '{option.Name}' cannot name an index; expected name=folder, the name of 1 to 63 lower-case letters, digits, dots, dashes and underscores");
            }
            else if (option.Folder is "")
            {
                faults.Add($"{key} holds '{entry}', which names no folder; expected name=folder");
            }
            else if (read.Exists(other => other.Name == option.Name))
            {
                faults.Add($"{key} names '{option.Name}' twice; expected name=folder with a name of its own for each");
            }
            else if (option.Folder is not null && served!.Length > 0 && IsSame(option.Folder, served!))
            {
                faults.Add($"{key} holds '{entry}', which is the index that is served; expected another folder");
            }
            else
            {
                read.Add(option);
            }
        }

        return read;
    }

    private static bool IsSame(string folder, string served) => Full(folder) == Full(served);

    private static string Full(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private static FurtherIndexOption Of(string entry, bool local)
    {
        if (!local)
        {
            return new FurtherIndexOption(entry, null);
        }

        // A folder's path may hold the sign too.
        var at = entry.IndexOf(Naming, StringComparison.Ordinal);
        return at > 0 && IndexName.IsValid(entry[..at])
            ? new FurtherIndexOption(entry[..at], entry[(at + 1)..])
            : new FurtherIndexOption(Path.GetFileName(Path.TrimEndingDirectorySeparator(entry)), entry);
    }
}
