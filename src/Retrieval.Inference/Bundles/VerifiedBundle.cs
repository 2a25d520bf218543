using System.Security.Cryptography;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Bundles;

/// <summary>
/// A bundle read into memory, every byte of it checked against the manifest. What is later run is what was hashed:
/// nothing is read from disk again, so a file swapped after the check has no effect.
/// </summary>
public sealed class VerifiedBundle
{
    private const long LargestManifest = 4 << 20;

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

    /// <summary>SHA-256 of <c>bundle.json</c>, which holds the hash of every other file; lower-case hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>Reads a bundle and checks size and SHA-256 of every file it lists.</summary>
    /// <exception cref="InvalidBundleException">A file is missing, of another size, or has been edited.</exception>
    public static VerifiedBundle Read(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new InvalidBundleException(path, "there is no such folder");
        }

        var manifestBytes = ReadFile(path, BundleManifest.FileName, LargestManifest);
        var manifest = BundleManifestReader.Read(manifestBytes, path);
        var contents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, file) in manifest.Files)
        {
            contents[name] = ReadVerified(path, name, file);
        }

        return new VerifiedBundle(path, manifest, Convert.ToHexStringLower(SHA256.HashData(manifestBytes)), contents);
    }

    /// <summary>The bytes of one listed file.</summary>
    public byte[] Content(string name) => _contents[name];

    private static byte[] ReadVerified(string bundle, string name, BundleFile file)
    {
        var bytes = ReadFile(bundle, name, Array.MaxLength, file.Bytes);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return hash == file.Sha256
            ? bytes
            : throw new InvalidBundleException(bundle, $"{name} is not the file that was exported: its SHA-256 is {hash}, the manifest says {file.Sha256}");
    }

    private static byte[] ReadFile(string bundle, string name, long limit, long? expected = null)
    {
        try
        {
            // A link may lead to any file of the machine. The folder itself may be one.
            var file = new FileInfo(System.IO.Path.Combine(bundle, name));
            if (file.LinkTarget is not null)
            {
                throw new InvalidBundleException(bundle, $"{name} is a symbolic link; a bundle holds its files");
            }

            // Sizes first: a file that is not the right one is not read. Pipes and devices have none, and are not
            // even opened: a pipe would wait for a writer for ever.
            if (file.Exists && file.Length == 0)
            {
                return expected == 0 ? [] : throw new InvalidBundleException(bundle, $"{name} is empty or not a regular file");
            }

            using var stream = file.OpenRead();
            if (expected is not null && stream.Length != expected)
            {
                throw new InvalidBundleException(bundle, $"{name} has {stream.Length} bytes; the manifest says {expected}");
            }

            if (stream.Length > limit)
            {
                throw new InvalidBundleException(bundle, $"{name} has {stream.Length} bytes; at most {limit} are read");
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidBundleException(bundle, $"{name} cannot be read: {exception.Message}", exception);
        }
    }
}
