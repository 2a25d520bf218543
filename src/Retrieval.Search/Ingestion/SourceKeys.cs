namespace Retrieval.Search.Ingestion;

/// <summary>Keys of sources in checkpoints: a source has the same key wherever and by whomever its ingestion is started.</summary>
public static class SourceKeys
{
    /// <summary>Key of a source that is one file.</summary>
    public static string OfFile(string path) => Path.GetFullPath(path);

    /// <summary>Key of a split in a folder.</summary>
    public static string OfSplit(string folder, string split) => $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))}#{split}";
}
