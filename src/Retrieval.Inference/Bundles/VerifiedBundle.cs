using System.Security.Cryptography;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Bundles;

/// <summary>
/// A bundle read into memory, with every byte checked against the manifest. What runs later is what was hashed: nothing is read
/// from disk again, so a file replaced after the check has no effect.
/// </summary>
public sealed class VerifiedBundle
{
    private readonly Dictionary<string, byte[]> _contents;

    private VerifiedBundle(string path, BundleManifest manifest, string fingerprint, Dictionary<string, byte[]> contents)
    {
        Path = path;
        Manifest = manifest;
        Fingerprint = fingerprint;
        _contents = contents;
    }

    /// <summary>The folder it was read from, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>The manifest.</summary>
    public BundleManifest Manifest { get; }

    /// <summary>SHA-256 of <c>bundle.json</c>, which contains the hash of every other file; lower-case hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>Name and the first 12 digits of the fingerprint, e.g. <c>scenes-camp@0123456789ab</c>.</summary>
    public string Label => BundleManifest.LabelOf(Manifest.Name, Fingerprint);

    /// <summary>Reads a bundle and checks the size and SHA-256 of every file it lists.</summary>
    /// <exception cref="InvalidBundleException">A file is missing, has another size, or has been edited.</exception>
    public static VerifiedBundle Read(string path)
    {
        var (manifest, fingerprint) = BundleHead.Read(path);
        var contents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, file) in manifest.Files)
        {
            contents[name] = ReadVerified(path, name, file);
        }

        return new VerifiedBundle(path, manifest, fingerprint, contents);
    }

    /// <summary>The bytes of one listed file.</summary>
    public byte[] Content(string name) => _contents[name];

    private static byte[] ReadVerified(string bundle, string name, BundleFile file)
    {
        var bytes = BundleFiles.Read(bundle, name, Array.MaxLength, file.Bytes);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return hash == file.Sha256
            ? bytes
            : throw new InvalidBundleException(bundle, $"{name} is not the file that was exported: its SHA-256 is {hash}, the manifest says {file.Sha256}");
    }
}
