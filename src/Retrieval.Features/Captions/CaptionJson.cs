using System.Globalization;
using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Features.Files;

namespace Retrieval.Features.Captions;

/// <summary>
/// Captions in JSON: <c>{"id": ["caption", …]}</c>, or a text for a single caption; COCO's <c>captions_*.json</c> (<c>images</c>
/// and <c>annotations</c>); Karpathy's <c>dataset_*.json</c> (<c>images</c> with <c>sentences</c> and a <c>split</c>).
/// </summary>
internal static class CaptionJson
{
    private const int MaxDepth = 16;

    /// <exception cref="InvalidInputException">It is no JSON, or has none of these forms.</exception>
    public static CaptionTable Load(string path)
    {
        var name = Path.GetFileName(path);
        using var stream = InputFile.OpenText(path, maxBytes: CaptionFile.MaxJsonBytes);
        try
        {
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = MaxDepth });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidInputException("expected an object of captions by image id", name);
            }

            return List(root, "images") is { } images
                ? List(root, "annotations") is { } annotations ? Coco(images, annotations, name) : Karpathy(images, name)
                : ById(root, name);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate, or bytes that are not UTF-8.
            throw new InvalidInputException($"not valid JSON: {e.Message}", name, innerException: e);
        }
    }

    private static CaptionTable ById(JsonElement root, string file)
    {
        var table = new CaptionTable(file, "JSON of captions by image id");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in root.EnumerateObject())
        {
            var id = entry.Name.Trim();
            if (!seen.Add(id))
            {
                throw new InvalidInputException("the id occurs twice", file, field: entry.Name);
            }

            table.AddImage(id);
            var value = entry.Value;
            if (value.ValueKind == JsonValueKind.String)
            {
                table.Add(id, value.GetString()!, "its caption");
                continue;
            }

            if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(caption => caption.ValueKind != JsonValueKind.String))
            {
                throw new InvalidInputException("expected a caption or a list of captions", file, field: entry.Name);
            }

            var position = 0;
            foreach (var caption in value.EnumerateArray())
            {
                table.Add(id, caption.GetString()!, $"caption {position++} of its list");
            }
        }

        return table;
    }

    private static CaptionTable Coco(JsonElement images, JsonElement annotations, string file)
    {
        var table = new CaptionTable(file, "COCO's captions") { IsOfManySplits = true };
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var position = 0;
        foreach (var image in images.EnumerateArray())
        {
            var id = Text(image, "id") ?? throw Missing(file, $"images[{position}].id");
            var name = Text(image, "file_name") ?? id;
            names[id] = name;
            table.AddImage(name);
            table.AddAlias(id, name);
            position++;
        }

        position = 0;
        foreach (var annotation in annotations.EnumerateArray())
        {
            var place = $"annotations[{position++}]";
            var id = Text(annotation, "image_id") ?? throw Missing(file, place + ".image_id");
            var caption = Text(annotation, "caption") ?? throw Missing(file, place + ".caption");
            table.Add(names.GetValueOrDefault(id, id), caption, place);
        }

        return table;
    }

    private static CaptionTable Karpathy(JsonElement images, string file)
    {
        var table = new CaptionTable(file, "Karpathy's dataset") { IsOfManySplits = true };
        var position = 0;
        foreach (var image in images.EnumerateArray())
        {
            var place = $"images[{position++}]";
            var name = Text(image, "filename") ?? throw Missing(file, place + ".filename");
            table.AddImage(name, Text(image, "split"));
            if (Text(image, "cocoid") is { } id)
            {
                table.AddAlias(id, name);
            }

            var number = 0;
            foreach (var sentence in (List(image, "sentences") ?? throw Missing(file, place + ".sentences")).EnumerateArray())
            {
                var where = $"{place}.sentences[{number++}]";
                table.Add(name, Text(sentence, "raw") ?? throw Missing(file, where + ".raw"), where);
            }
        }

        return table;
    }

    private static JsonElement? List(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
        && (value.GetArrayLength() == 0 || value[0].ValueKind == JsonValueKind.Object) ? value : null;

    // An id is a number in some files and a text in others.
    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim()
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number.ToString(CultureInfo.InvariantCulture)
        : null;

    private static InvalidInputException Missing(string file, string place) => new("is missing; expected a text or a whole number", file, field: place);
}
