namespace Retrieval.Server.Tests.Hosting;

/// <summary>A folder that is gone when the test is.</summary>
public sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("retrieval-server-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Copies a folder's files into a new one below this.</summary>
    public string Copy(string source, string name)
    {
        var target = Directory.CreateDirectory(File(name)).FullName;
        foreach (var file in Directory.GetFiles(source))
        {
            System.IO.File.Copy(file, System.IO.Path.Combine(target, System.IO.Path.GetFileName(file)));
        }

        return target;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
