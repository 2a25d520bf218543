using System.Security.Cryptography;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Bundles;

/// <summary>A bundle's manifest, without the files it lists.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Fingerprint">SHA-256 of <c>bundle.json</c>, which contains the hash of every other file; lower-case hexadecimal.</param>
public sealed record BundleHead(BundleManifest Manifest, string Fingerprint)
{
    private const long LargestManifest = 4 << 20;

    /// <summary>Reads the manifest of a bundle.</summary>
    /// <param name="folder">The bundle's folder.</param>
    /// <exception cref="InvalidBundleException">The folder or its manifest is missing, or the manifest is too large, a link, or invalid.</exception>
    public static BundleHead Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new InvalidBundleException(folder, "there is no such folder");
        }

        var bytes = BundleFiles.Read(folder, BundleManifest.FileName, LargestManifest);
        return new BundleHead(BundleManifestReader.Read(bytes, folder), Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }
}
