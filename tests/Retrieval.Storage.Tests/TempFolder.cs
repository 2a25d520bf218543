namespace Retrieval.Storage.Tests;

/// <summary>A folder that goes with the test.</summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("retrieval-index-").FullName;

    public string Index => System.IO.Path.Combine(Path, "index");

    public string Manifest => System.IO.Path.Combine(Index, "manifest.json");

    public string ManifestCopy => System.IO.Path.Combine(Index, "manifest.copy.json");

    public string FormerManifest => System.IO.Path.Combine(Index, "manifest.previous.json");

    public string Data(string file, int epoch = 1) => System.IO.Path.Combine(Index, $"data-{epoch}", file);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
