using Retrieval.Domain.Errors;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary>A new folder for an index that is needed only while the command runs; deleted with all that is in it.</summary>
internal sealed class WorkFolder : IDisposable
{
    private const string Prefix = "retrieval-evaluate-";

    private readonly IReadOnlyList<string> _made;

    private WorkFolder(string path, params IReadOnlyList<string> made) => (Path, _made) = (path, made);

    public string Path { get; }

    /// <param name="parent">Where; made if it is not there, and then deleted as well. Null for the system's temporary folder.</param>
    public static WorkFolder Make(string? parent)
    {
        if (parent is null)
        {
            return new WorkFolder(Directory.CreateTempSubdirectory(Prefix).FullName);
        }

        if (File.Exists(parent))
        {
            throw new InvalidInputException($"{parent} is a file; expected a folder", field: "--work");
        }

        var made = new List<string>();
        for (var missing = System.IO.Path.GetFullPath(parent); !Directory.Exists(missing); missing = System.IO.Path.GetDirectoryName(missing)!)
        {
            made.Add(missing);
        }

        return new WorkFolder(Directory.CreateDirectory(System.IO.Path.Combine(parent, Prefix + System.IO.Path.GetRandomFileName())).FullName, made);
    }

    /// <summary>Says what will be needed, and refuses if the disk has not that much free.</summary>
    /// <exception cref="InvalidInputException">It has not.</exception>
    public void Require(long bytes)
    {
        var free = new DriveInfo(Path).AvailableFreeSpace;
        if (bytes > free)
        {
            throw new InvalidInputException(
                $"the index for the evaluation needs about {Units.Bytes(bytes)} ({Units.Count(bytes)} bytes) and {System.IO.Path.GetDirectoryName(Path)} has {Units.Bytes(free)} free; name a folder with more, or fewer images with --limit",
                field: "--work");
        }

        Printer.Note($"the index for the evaluation takes about {Units.Bytes(bytes)} in {Path}, where {Units.Bytes(free)} are free");
    }

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        foreach (var folder in _made.TakeWhile(folder => !Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            Directory.Delete(folder);
        }
    }
}
