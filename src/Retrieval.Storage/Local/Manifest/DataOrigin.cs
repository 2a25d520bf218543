using System.Text.Json;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// What the rows of a data folder do not say themselves, stored next to them in <c>origin.json</c>. A lost manifest is rebuilt
/// from it and from the sealed ranges. It is written with the folder, and again when there is a new source.
/// </summary>
/// <param name="Format">One of the known formats.</param>
/// <param name="Schema">Bundle and fields.</param>
/// <param name="Sources">Keys of the sources, as in the manifest. May be ahead of it by sources that were never committed.</param>
internal sealed record DataOrigin(string Format, IndexSchema Schema, IReadOnlyList<string> Sources)
{
    public const string FileName = "origin.json";
    private const string NextName = "origin.json.next";

    public static DataOrigin Of(IndexManifest manifest) => new(manifest.Format, manifest.Schema, manifest.Sources);

    /// <summary>The content of a folder's file; null and the reason if it is missing, torn or in another format.</summary>
    public static DataOrigin? Read(string folder, out string? fault)
    {
        try
        {
            if (ManifestText.Body(File.ReadAllBytes(Path.Combine(folder, FileName)), out var reason) is not { } json)
            {
                fault = reason;
                return null;
            }

            var origin = JsonSerializer.Deserialize(json, ManifestJson.Default.DataOrigin);
            fault = IndexFormat.IsKnown(origin?.Format) ? null : $"its format is {origin?.Format}, expected {IndexFormat.Current}";
            return fault is null ? origin : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            fault = "the file is missing";
            return null;
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            fault = "the file cannot be read";
            return null;
        }
    }

    /// <summary>Whether a folder's file has exactly this content.</summary>
    public bool IsIn(string folder)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, FileName)).AsSpan().SequenceEqual(Encoded());
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Replaces the folder's file, atomically and durably.</summary>
    public void Write(string folder)
    {
        using (var file = File.OpenHandle(Path.Combine(folder, NextName), FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            DiskFile.Write(file, Encoded(), 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(Path.Combine(folder, NextName), Path.Combine(folder, FileName), overwrite: true);
        DirectorySync.Flush(folder);
    }

    /// <summary>Whether a file of a data folder is one of these files, which exist before anything is committed.</summary>
    public static bool Owns(string fileName) => fileName is FileName or NextName;

    private byte[] Encoded() => ManifestText.Encode(this, ManifestJson.Default.DataOrigin);
}
