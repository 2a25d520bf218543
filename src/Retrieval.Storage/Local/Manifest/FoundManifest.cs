namespace Retrieval.Storage.Local.Manifest;

/// <summary>The newest readable manifest.</summary>
/// <param name="Manifest">Its content.</param>
internal sealed record FoundManifest(IndexManifest Manifest)
{
    /// <summary>Checksum of its file; empty if it was not read from one.</summary>
    public string Checksum { get; init; } = "";

    /// <summary>Name of the file it was read from.</summary>
    public string File { get; init; } = ManifestFile.Name;

    /// <summary>What is wrong with the other file, or with <see cref="ManifestFile.Name"/> if the copy was read.</summary>
    public IReadOnlyList<ManifestFault> Faults { get; init; } = [];

    /// <summary>
    /// Whether the other file is missing or damaged. Then only the order of a commit's steps suggests that this one is the
    /// newest, so the sealed data are checked as well.
    /// </summary>
    public bool Alone { get; init; }

    /// <summary>Whether both files hold this same manifest.</summary>
    public bool Twice { get; init; }
}
