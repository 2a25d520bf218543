namespace Retrieval.Storage.Errors;

/// <summary>
/// An index whose newest generation cannot be told: its manifests are missing or damaged. Nothing of it is read, written or
/// deleted until an operator runs <c>retrieval index repair</c>, since to go on from anything older would give up what was
/// committed.
/// </summary>
public sealed class ManifestLostException(string path, string file, string finding, Exception? innerException = null)
    : IndexCorruptException(path, file, $"{finding}. Nothing was changed; 'retrieval index repair' rebuilds the manifest from the sealed data", innerException)
{
    /// <summary>What was found, without what to do about it.</summary>
    public string Finding { get; } = finding;
}
