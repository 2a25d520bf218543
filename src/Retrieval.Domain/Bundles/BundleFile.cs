namespace Retrieval.Domain.Bundles;

/// <summary>One file of a bundle as the manifest lists it.</summary>
/// <param name="Sha256">SHA-256 of the file, lower-case hexadecimal.</param>
/// <param name="Bytes">Size of the file in bytes.</param>
public sealed record BundleFile(string Sha256, long Bytes);
