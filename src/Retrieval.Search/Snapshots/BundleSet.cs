using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;
using Retrieval.Storage.Local;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// The bundles that a replica may be asked to serve, by fingerprint. Only their manifests are read here; the rest is checked
/// when a bundle is loaded.
/// </summary>
public sealed class BundleSet
{
    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IndexSchema> _schemas = new(StringComparer.Ordinal);

    private BundleSet()
    {
    }

    /// <summary>The index schema of each bundle, by the bundle's fingerprint.</summary>
    public IReadOnlyDictionary<string, IndexSchema> Schemas => _schemas;

    /// <summary>Splits a list of folders separated by semicolons.</summary>
    public static IReadOnlyList<string> Split(string folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        return folders.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>Reads the manifests of all bundles.</summary>
    /// <exception cref="InvalidBundleException">One is missing or cannot be read.</exception>
    public static BundleSet Read(IEnumerable<string> folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        var bundles = new BundleSet();
        foreach (var folder in folders)
        {
            var head = BundleHead.Read(folder);
            bundles._folders[head.Fingerprint] = folder;
            bundles._schemas[head.Fingerprint] = IndexBinding.SchemaOf(head.Manifest, head.Fingerprint);
        }

        return bundles;
    }

    /// <summary>The folder of the bundle with this fingerprint; null if there is none.</summary>
    public string? FolderOf(string fingerprint) => _folders.GetValueOrDefault(fingerprint);
}
