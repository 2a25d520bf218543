namespace Retrieval.Storage.Local.Manifest;

/// <summary>A file of the manifest that is not as committed, although the index can be opened with the other file.</summary>
/// <param name="File">Its name.</param>
/// <param name="Reason">What was found and what was expected.</param>
public sealed record ManifestFault(string File, string Reason)
{
    /// <summary>For a person.</summary>
    public override string ToString() => $"{File}: {Reason}";
}
