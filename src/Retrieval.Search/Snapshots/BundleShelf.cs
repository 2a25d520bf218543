using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;
using Retrieval.Storage.Local;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// The bundles a replica may be asked to serve, by fingerprint. Only their manifests are read here; the rest is checked
/// when a bundle is loaded.
/// </summary>
public sealed class BundleShelf
{
    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IndexSchema> _schemas = new(StringComparer.Ordinal);

    private BundleShelf()
    {
    }

    /// <summary>What an index of each bundle stores, by the bundle's fingerprint.</summary>
    public IReadOnlyDictionary<string, IndexSchema> Schemas => _schemas;

    /// <summary>Folders named one after the other, separated by semicolons.</summary>
    public static IReadOnlyList<string> Split(string folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        return folders.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>Reads the manifests of all bundles.</summary>
    /// <exception cref="InvalidBundleException">One is missing or cannot be read.</exception>
    public static BundleShelf Read(IEnumerable<string> folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        var shelf = new BundleShelf();
        foreach (var folder in folders)
        {
            var head = BundleHead.Read(folder);
            shelf._folders[head.Fingerprint] = folder;
            shelf._schemas[head.Fingerprint] = IndexBinding.SchemaOf(head.Manifest, head.Fingerprint);
        }

        return shelf;
    }

    /// <summary>The folder of the bundle with this fingerprint; null if there is none.</summary>
    public string? FolderOf(string fingerprint) => _folders.GetValueOrDefault(fingerprint);
}
