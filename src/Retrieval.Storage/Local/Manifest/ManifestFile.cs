using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// Reads and replaces the manifest. The file is a JSON object whose last member is the SHA-256 of every byte before it,
/// so a torn or edited manifest is recognised, and the one before it is kept beside it.
/// </summary>
internal static class ManifestFile
{
    public const string Name = "manifest.json";
    public const string PreviousName = "manifest.previous.json";
    private const string NextName = "manifest.next.json";

    private const string ChecksumHead = ",\n  \"sha256\": \"";
    private const string ChecksumTail = "\"\n}\n";
    private const int HashDigits = 64;

    /// <summary>The last complete generation; null if none was ever committed.</summary>
    /// <exception cref="IndexCorruptException">Manifests exist and none is complete.</exception>
    public static FoundManifest? Read(string index)
    {
        if (TryRead(index, Name, out var currentFault) is { } current)
        {
            return current;
        }

        if (TryRead(index, PreviousName, out var previousFault) is { } previous)
        {
            return previous with { FromPrevious = true };
        }

        return (currentFault, previousFault) switch
        {
            (null, null) => null,
            (null, _) => throw new IndexCorruptException(index, PreviousName, $"{previousFault}, and there is no {Name}"),
            (_, null) => throw new IndexCorruptException(index, Name, $"{currentFault}, and there is no {PreviousName} to go back to"),
            _ => throw new IndexCorruptException(index, Name, $"{currentFault}; {PreviousName}: {previousFault}"),
        };
    }

    /// <summary>The manifest before the current one, if there is one and it is complete.</summary>
    public static IndexManifest? ReadPrevious(string index) => TryRead(index, PreviousName, out _)?.Manifest;

    /// <summary>
    /// Makes <paramref name="manifest"/> the current one, atomically and durably. At every moment of it at least one of
    /// the two files is complete.
    /// </summary>
    /// <param name="index">The index's folder.</param>
    /// <param name="manifest">The new generation.</param>
    /// <param name="keepPrevious">Whether the current file becomes the previous one; false if it is torn.</param>
    public static void Replace(string index, IndexManifest manifest, bool keepPrevious)
    {
        var next = Path.Combine(index, NextName);
        var current = Path.Combine(index, Name);
        using (var file = File.OpenHandle(next, FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            DiskFile.Write(file, Encode(manifest), 0);
            RandomAccess.FlushToDisk(file);
        }

        if (keepPrevious && File.Exists(current))
        {
            // Links the old file under the backup's name, then renames the new one over it: the current name never
            // goes missing.
            File.Replace(next, current, Path.Combine(index, PreviousName));
        }
        else
        {
            File.Move(next, current, overwrite: true);
        }

        DirectorySync.Flush(index);
    }

    internal static byte[] Encode(IndexManifest manifest)
    {
        var json = JsonSerializer.Serialize(manifest, ManifestJson.Default.IndexManifest);
        var body = Encoding.UTF8.GetBytes(json[..json.LastIndexOf('}')].TrimEnd());
        var hash = Convert.ToHexStringLower(SHA256.HashData(body));
        return [.. body, .. Encoding.UTF8.GetBytes(ChecksumHead + hash + ChecksumTail)];
    }

    private static FoundManifest? TryRead(string index, string name, out string? fault)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path.Combine(index, name));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            fault = null;
            return null;
        }

        var bodyLength = bytes.Length - ChecksumHead.Length - HashDigits - ChecksumTail.Length;
        if (bodyLength < 1)
        {
            fault = $"the file is torn ({bytes.Length} bytes)";
            return null;
        }

        var body = bytes.AsSpan(0, bodyLength);
        var checksum = Convert.ToHexStringLower(SHA256.HashData(body));
        var expected = Encoding.UTF8.GetBytes(ChecksumHead + checksum + ChecksumTail);
        if (!bytes.AsSpan(bodyLength).SequenceEqual(expected))
        {
            fault = $"the file is torn: its checksum does not fit its {bytes.Length} bytes";
            return null;
        }

        return Parse(index, name, [.. body, (byte)'}'], out fault) is { } manifest ? new FoundManifest(manifest, FromPrevious: false, checksum) : null;
    }

    private static IndexManifest? Parse(string index, string name, byte[] json, out string? fault)
    {
        // The checksum is right, so the file is as it was written; what cannot be read is of another version.
        try
        {
            using (var document = JsonDocument.Parse(json))
            {
                var format = document.RootElement.TryGetProperty("format", out var value) ? value.ToString() : "";
                if (format != IndexManifest.CurrentFormat)
                {
                    throw new IndexMismatchException(index, "format", IndexManifest.CurrentFormat, format);
                }
            }

            fault = null;
            var manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.IndexManifest);
            if (manifest is null)
            {
                fault = "the file is empty";
            }

            return manifest;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new IndexCorruptException(index, name, $"the file cannot be read: {e.Message}", e);
        }
    }
}
