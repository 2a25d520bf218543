using System.Globalization;
using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Captions;
using Retrieval.Features.Files;
using Retrieval.Features.Sources;

namespace Retrieval.Features.MetadataFiles;

/// <summary>
/// Metadata by image, in lines of JSON: <c>{"id": "a.jpg", "metadata": {"year": 2024}}</c>. Held in memory. An image is found by its
/// exact id, or else by what its name has in common with one of the file's (<see cref="ImageKeys"/>), if that is one alone.
/// </summary>
internal sealed class MetadataFile
{
    private const long MostBytes = 1L << 30;

    private readonly Dictionary<string, (Dictionary<string, MetadataValue>? Metadata, string? Fault)> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string?> _names = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    private MetadataFile(string name) => Name = name;

    /// <summary>Name of the file.</summary>
    public string Name { get; }

    /// <summary>Ids of the images that it names.</summary>
    public IReadOnlyCollection<string> Ids => _entries.Keys;

    /// <summary>What is wrong with lines that name no image, with their numbers.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, compressed by gzip or not.</param>
    /// <exception cref="InvalidInputException">It is missing or too long, or no line has the form.</exception>
    public static MetadataFile Load(string path)
    {
        var file = new MetadataFile(Path.GetFileName(path));
        InputFile.RequireText(path, MostBytes);
        using var lines = new LineReader(path, TextLine.MaxBytes, maxBytes: MostBytes);
        for (var number = 1; lines.TryReadLine(); number++)
        {
            var line = TextLine.Of(lines);
            if (line.Fault is not null)
            {
                file._faults.Add($"line {number}: {line.Fault}");
            }
            else if (!string.IsNullOrWhiteSpace(line.Text))
            {
                file.Add(number, line.Text);
            }
        }

        return file._entries.Count > 0 ? file
            : throw new InvalidInputException(file._faults.Count > 0 ? $"no line can be used; {file._faults[0]}" : "no lines, expected one for each image", file.Name);
    }

    /// <summary>The metadata of an image; null if the file does not name it, or its line cannot be used.</summary>
    /// <param name="id">The image's id.</param>
    /// <param name="name">The file's name of it; null if it has none.</param>
    /// <param name="fault">Why its line cannot be used, or null.</param>
    public IReadOnlyDictionary<string, MetadataValue>? Find(string id, out string? name, out string? fault)
    {
        name = _entries.ContainsKey(id) ? id : _names.GetValueOrDefault(ImageKeys.Of(id));
        (var metadata, fault) = name is null ? default : _entries[name];
        return fault is null ? metadata : null;
    }

    private void Add(int number, string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 5 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("id", out var named) || IdOf(named) is not { } id)
            {
                _faults.Add($"line {number}: no id, expected an object such as {{\"id\": \"a.jpg\", \"metadata\": {{\"year\": 2024}}}}");
                return;
            }

            Dictionary<string, MetadataValue>? metadata = null;
            var bad = root.TryGetProperty("metadata", out var found) ? SampleMetadata.TryRead(found, out metadata) : "no metadata, expected an object of them beside the id";
            if (!_entries.TryAdd(id, (metadata, bad is null ? null : $"line {number}: {bad}")))
            {
                // Nobody can tell which of the two is meant.
                _entries[id] = (null, _entries[id].Fault ?? $"line {number}: the id stands in a line before, expected once");
                return;
            }

            // A key of two names is of neither.
            var key = ImageKeys.Of(id);
            _names[key] = _names.ContainsKey(key) ? null : id;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate in the id.
            _faults.Add($"line {number}: not valid JSON{(e is JsonException { BytePositionInLine: { } at } ? $", from byte {at + 1} of the line on" : "")}");
        }
    }

    private static string? IdOf(JsonElement id) => id.ValueKind switch
    {
        JsonValueKind.String => id.GetString()!.Trim(),
        JsonValueKind.Number when id.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };
}
