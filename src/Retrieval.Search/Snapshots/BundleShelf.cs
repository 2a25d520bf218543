using System.Security.Cryptography;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Local;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// The bundles a replica may be asked to serve, by fingerprint. Only their manifests are read here; the rest is checked
/// when a bundle is loaded.
/// </summary>
public sealed class BundleShelf
{
    private const long LargestManifest = 4 << 20;
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
            var bytes = ReadManifest(folder);
            var manifest = BundleManifestReader.Read(bytes, folder);
            var fingerprint = Convert.ToHexStringLower(SHA256.HashData(bytes));
            shelf._folders[fingerprint] = folder;
            shelf._schemas[fingerprint] = new IndexSchema(fingerprint, manifest.Name, manifest.EmbeddingWidth, manifest.ImageFields, manifest.CaptionFields);
        }

        return shelf;
    }

    /// <summary>The folder of the bundle with this fingerprint; null if there is none.</summary>
    public string? FolderOf(string fingerprint) => _folders.GetValueOrDefault(fingerprint);

    private static byte[] ReadManifest(string folder)
    {
        try
        {
            var file = new FileInfo(Path.Combine(folder, BundleManifest.FileName));
            if (file is not { Exists: true, Length: > 0 and <= LargestManifest })
            {
                throw new InvalidBundleException(folder, Directory.Exists(folder) ? $"{BundleManifest.FileName} is missing, empty or none of the regular kind" : "there is no such folder");
            }

            return File.ReadAllBytes(file.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidBundleException(folder, $"{BundleManifest.FileName} cannot be read: {exception.Message}", exception);
        }
    }
}
