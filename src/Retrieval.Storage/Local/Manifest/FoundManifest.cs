namespace Retrieval.Storage.Local.Manifest;

/// <summary>The newest manifest that can be read.</summary>
/// <param name="Manifest">What it says.</param>
internal sealed record FoundManifest(IndexManifest Manifest)
{
    /// <summary>Checksum of its file; empty if it was not read from one.</summary>
    public string Checksum { get; init; } = "";

    /// <summary>Name of the file it was read from.</summary>
    public string File { get; init; } = ManifestFile.Name;

    /// <summary>What is wrong with the other file, or with <see cref="ManifestFile.Name"/> if it was read from the copy.</summary>
    public IReadOnlyList<ManifestFault> Faults { get; init; } = [];

    /// <summary>
    /// Whether the other file is missing or damaged, so that nothing vouches for this one being the newest but the order of
    /// a commit's steps. Then the sealed data are asked, too.
    /// </summary>
    public bool Alone { get; init; }

    /// <summary>Whether both files hold this very manifest.</summary>
    public bool Twice { get; init; }
}
