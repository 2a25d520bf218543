using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Retrieval.Storage.Errors;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// A manifest as a file: a JSON object whose last member is the SHA-256 of all bytes before it, so that a torn or edited file is
/// recognised.
/// </summary>
/// <param name="Found">The file's content; null if it is missing or damaged.</param>
/// <param name="Fault">What is wrong with it; null if nothing is, or if it is missing.</param>
internal sealed record ManifestText(FoundManifest? Found, string? Fault)
{
    private const string ChecksumHead = ",\n  \"sha256\": \"";
    private const string ChecksumTail = "\"\n}\n";
    private const int HashDigits = 64;
    private const int InputOutputError = 5;

    /// <exception cref="IndexCorruptException">The file is as written but cannot be understood.</exception>
    /// <exception cref="IndexMismatchException">The file has an unknown format.</exception>
    public static ManifestText Read(string index, string name)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(Path.Combine(index, name));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ManifestText(null, null);
        }
        catch (IOException e) when (e.HResult == InputOutputError)
        {
            return new ManifestText(null, "the disk cannot read the file");
        }

        if (Body(bytes, out var checksum) is not { } json)
        {
            return new ManifestText(null, checksum);
        }

        var manifest = Parse(index, name, json);
        return new ManifestText(new FoundManifest(manifest) { Checksum = checksum, File = name }, null);
    }

    public static byte[] Encode(IndexManifest manifest) => Encode(manifest, ManifestJson.Default.IndexManifest);

    /// <summary>Encodes any object, with its checksum as its last member.</summary>
    public static byte[] Encode<T>(T value, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.Serialize(value, type);
        var body = Encoding.UTF8.GetBytes(json[..json.LastIndexOf('}')].TrimEnd());
        var hash = Convert.ToHexStringLower(SHA256.HashData(body));
        return [.. body, .. Encoding.UTF8.GetBytes(ChecksumHead + hash + ChecksumTail)];
    }

    /// <summary>The object without its checksum; null if the checksum does not match.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="checksum">The checksum, or what is wrong with the file.</param>
    public static byte[]? Body(byte[] bytes, out string checksum)
    {
        var bodyLength = bytes.Length - ChecksumHead.Length - HashDigits - ChecksumTail.Length;
        if (bodyLength < 1)
        {
            checksum = $"the file is torn ({bytes.Length} bytes)";
            return null;
        }

        var body = bytes.AsSpan(0, bodyLength);
        checksum = Convert.ToHexStringLower(SHA256.HashData(body));
        if (!bytes.AsSpan(bodyLength).SequenceEqual(Encoding.UTF8.GetBytes(ChecksumHead + checksum + ChecksumTail)))
        {
            checksum = $"the file is torn: its checksum does not fit its {bytes.Length} bytes";
            return null;
        }

        return [.. body, (byte)'}'];
    }

    private static IndexManifest Parse(string index, string name, byte[] json)
    {
        // The checksum is correct, so the file is as written. If it cannot be read, another version wrote it.
        try
        {
            using (var document = JsonDocument.Parse(json))
            {
                var format = document.RootElement.TryGetProperty("format", out var value) ? value.ToString() : "";
                if (!IndexFormat.IsKnown(format))
                {
                    throw new IndexMismatchException(index, "format", IndexFormat.Current, format);
                }
            }

            return IndexFormat.Upgrade(JsonSerializer.Deserialize(json, ManifestJson.Default.IndexManifest) ?? throw new JsonException("it holds null"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new IndexCorruptException(index, name, $"the file cannot be read: {e.Message}", e);
        }
    }
}
