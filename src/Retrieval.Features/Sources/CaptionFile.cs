using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Features.Files;

namespace Retrieval.Features.Sources;

/// <summary>
/// Captions by image id, for sources that do not contain them: JSON (<c>{"id": ["caption", …], …}</c>, or a single string for a
/// single caption) in a file that ends in <c>.json</c>, and <c>id⇥caption</c> lines in any other. The whole file is held in
/// memory. White space around ids is removed, here and in the features.
/// </summary>
internal static class CaptionFile
{
    private const long MaxJsonBytes = 1L << 30;

    /// <summary>Reads all captions of a file.</summary>
    /// <exception cref="InvalidInputException">The file has neither format.</exception>
    public static IReadOnlyDictionary<string, string[]> Load(string path) =>
        path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? LoadJson(path) : LoadLines(path);

    private static Dictionary<string, string[]> LoadLines(string path)
    {
        var file = LineFile.Open(path);
        var captions = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var number = 0L;
        foreach (var line in file.ReadFrom(0))
        {
            number++;
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (tab <= 0)
            {
                throw new InvalidInputException("expected an id, a tab and a caption", file.Name, number);
            }

            var id = line[..tab].Trim();
            if (!captions.TryGetValue(id, out var list))
            {
                captions.Add(id, list = []);
            }

            list.Add(line[(tab + 1)..].Trim());
        }

        return captions.ToDictionary(c => c.Key, c => c.Value.ToArray(), StringComparer.Ordinal);
    }

    private static Dictionary<string, string[]> LoadJson(string path)
    {
        var name = Path.GetFileName(path);
        using var stream = InputFile.OpenRead(path);
        if (stream.Length > MaxJsonBytes)
        {
            throw new InvalidInputException($"{stream.Length} bytes, expected at most {MaxJsonBytes}; use id⇥caption lines", name);
        }

        try
        {
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidInputException("expected an object of captions by image id", name);
            }

            var captions = new Dictionary<string, string[]>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (!captions.TryAdd(entry.Name.Trim(), CaptionsOf(entry, name)))
                {
                    throw new InvalidInputException("the id occurs twice", name, field: entry.Name);
                }
            }

            return captions;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate, or bytes that are not UTF-8.
            throw new InvalidInputException($"not valid JSON: {e.Message}", name, innerException: e);
        }
    }

    private static string[] CaptionsOf(JsonProperty entry, string file)
    {
        var value = entry.Value;
        if (value.ValueKind == JsonValueKind.String)
        {
            return [value.GetString()!];
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(c => c.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(c => c.GetString()!)]
            : throw new InvalidInputException("expected a caption or a list of captions", file, field: entry.Name);
    }
}
