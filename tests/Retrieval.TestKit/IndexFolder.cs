namespace Retrieval.TestKit;

/// <summary>A temporary folder with a local index in it, and the paths of that index's files.</summary>
public sealed class IndexFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The folder that holds the index and whatever a test puts beside it.</summary>
    public string Path => _folder.Path;

    /// <summary>The index; not there until somebody writes one.</summary>
    public string Index => _folder["index"];

    /// <summary>Its manifest.</summary>
    public string Manifest => System.IO.Path.Combine(Index, "manifest.json");

    /// <summary>The second copy of its manifest.</summary>
    public string ManifestCopy => System.IO.Path.Combine(Index, "manifest.copy.json");

    /// <summary>The manifest of the generation before.</summary>
    public string FormerManifest => System.IO.Path.Combine(Index, "manifest.previous.json");

    /// <summary>One of its data files.</summary>
    public string Data(string file, int epoch = 1) => System.IO.Path.Combine(Index, $"data-{epoch}", file);

    /// <summary>Removes it with all that is in it.</summary>
    public void Dispose() => _folder.Dispose();
}
