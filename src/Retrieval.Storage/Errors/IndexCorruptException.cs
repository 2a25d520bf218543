using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Errors;

/// <summary>An index whose files do not match its manifest: they were shortened, edited or torn.</summary>
public class IndexCorruptException(string path, string file, string reason, Exception? innerException = null)
    : RetrievalException($"index {path}, {file}: {reason}", innerException)
{
    /// <summary>The index's folder.</summary>
    public string Path { get; } = path;

    /// <summary>The file at fault, relative to <see cref="Path"/>.</summary>
    public string File { get; } = file;

    /// <summary>What was wrong, without the location.</summary>
    public string Reason { get; } = reason;
}
