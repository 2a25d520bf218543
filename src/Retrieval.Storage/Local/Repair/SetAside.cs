using System.Globalization;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Repair;

/// <summary>The folder <c>set-aside-TIME</c> within an index, for what a repair does not need. Nothing is ever removed from it.</summary>
internal sealed class SetAside(string index, DateTimeOffset now)
{
    private const int CopyBytes = 1 << 20;

    private readonly string _folder = FreeName(index, now);

    public string Name => Path.GetFileName(_folder);

    /// <summary>Keeps a copy of a file that is about to be replaced.</summary>
    public void Keep(string file)
    {
        Directory.CreateDirectory(_folder);
        File.Copy(Path.Combine(index, file), Path.Combine(_folder, file));
    }

    /// <summary>Moves a file or a folder here.</summary>
    public void Move(string name)
    {
        Directory.CreateDirectory(_folder);
        Directory.Move(Path.Combine(index, name), Path.Combine(_folder, name));
    }

    /// <summary>Keeps the bytes after the committed end of a data file, which the next writer cuts off.</summary>
    public void KeepTail(string dataFolder, string file, long from)
    {
        var target = Path.Combine(_folder, dataFolder, string.Create(CultureInfo.InvariantCulture, $"{file}.from-{from}"));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        using var source = File.OpenRead(Path.Combine(index, dataFolder, file));
        using var copy = File.Create(target);
        source.Position = from;
        source.CopyTo(copy, CopyBytes);
        copy.Flush(flushToDisk: true);
    }

    /// <summary>Returns once everything in the folder would survive a power cut.</summary>
    public void Sync()
    {
        if (Directory.Exists(_folder))
        {
            DirectorySync.Flush(_folder);
            DirectorySync.Flush(index);
        }
    }

    private static string FreeName(string index, DateTimeOffset now)
    {
        var name = Path.Combine(index, now.ToString("'set-aside-'yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture));
        var free = name;
        for (var number = 2; Directory.Exists(free); number++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
        }

        return free;
    }
}
