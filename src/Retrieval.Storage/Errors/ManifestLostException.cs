namespace Retrieval.Storage.Errors;

/// <summary>
/// The newest generation of the index cannot be determined: its manifests are missing or damaged. Nothing of it is read, written
/// or deleted until an operator runs <c>retrieval index repair</c>, because continuing from an older state would lose what was
/// committed.
/// </summary>
public sealed class ManifestLostException(string path, string file, string finding, Exception? innerException = null)
    : IndexCorruptException(path, file, $"{finding}. Nothing was changed; 'retrieval index repair' rebuilds the manifest from the sealed data", innerException)
{
    /// <summary>What was found, without advice.</summary>
    public string Finding { get; } = finding;
}
