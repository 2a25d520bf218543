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
    private const string NotUnicode = "not UTF-8, or holds half a surrogate pair";
    private const string Missing = "is missing or not well-formed, expected a text or a whole number";

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

            var table = List(root, "images") is { } images
                ? List(root, "annotations") is { } annotations ? Coco(images, annotations, name) : Karpathy(images, name)
                : ById(root, name);
            return table.Checked();
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
        var number = 0;
        foreach (var entry in root.EnumerateObject())
        {
            number++;
            if (NameOf(entry) is not { } name)
            {
                table.AddOdd($"entry {number}", $"the id is {NotUnicode}");
                continue;
            }

            var (id, place) = (name.Trim(), $"entry {number}, \"{name}\"");
            if (!seen.Add(id))
            {
                table.AddOdd(id, place, "the id occurs twice, expected once; the first counts");
                continue;
            }

            table.AddImage(id);
            if (entry.Value.ValueKind != JsonValueKind.Array)
            {
                AddCaption(table, id, entry.Value, place);
                continue;
            }

            var position = 0;
            foreach (var caption in entry.Value.EnumerateArray())
            {
                AddCaption(table, id, caption, $"{place}, caption {position++} of its list");
            }
        }

        return table;
    }

    private static void AddCaption(CaptionTable table, string id, JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            table.AddOdd(id, place, $"{Kind(value)}, expected a caption{(place.EndsWith("list", StringComparison.Ordinal) ? "" : " or a list of captions")}");
        }
        else if (TextOf(value) is { } text)
        {
            table.Add(id, text, place);
        }
        else
        {
            table.AddOdd(id, place, $"the caption is {NotUnicode}");
        }
    }

    private static CaptionTable Coco(JsonElement images, JsonElement annotations, string file)
    {
        var table = new CaptionTable(file, "COCO's captions") { IsOfManySplits = true };
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var position = 0;
        foreach (var image in images.EnumerateArray())
        {
            var place = $"images[{position++}]";
            if (Text(image, "id") is not { } id)
            {
                table.AddOdd(place + ".id", Missing);
                continue;
            }

            var name = Text(image, "file_name") ?? id;
            if (!names.TryAdd(id, name) && names[id] != name)
            {
                // Nobody can tell whose the captions of this id are.
                throw new InvalidInputException($"{id} is that of '{names[id]}' and of '{name}', expected an id of its own for each image", file, field: place + ".id");
            }

            table.AddImage(name);
            table.AddAlias(id, name);
        }

        position = 0;
        foreach (var annotation in annotations.EnumerateArray())
        {
            var place = $"annotations[{position++}]";
            if (Text(annotation, "image_id") is not { } id)
            {
                table.AddOdd(place + ".image_id", Missing);
            }
            else if (Text(annotation, "caption") is { } caption)
            {
                table.Add(names.GetValueOrDefault(id, id), caption, place);
            }
            else
            {
                table.AddOdd(names.GetValueOrDefault(id, id), place + ".caption", Missing);
            }
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
            if (Text(image, "filename") is not { } name)
            {
                table.AddOdd(place + ".filename", Missing);
                continue;
            }

            table.AddImage(name, Text(image, "split"));
            if (Text(image, "cocoid") is { } id)
            {
                table.AddAlias(id, name);
            }

            if (!image.TryGetProperty("sentences", out var sentences) || sentences.ValueKind != JsonValueKind.Array)
            {
                table.AddOdd(name, place + ".sentences", "is missing, expected a list of sentences");
                continue;
            }

            var number = 0;
            foreach (var sentence in sentences.EnumerateArray())
            {
                var where = $"{place}.sentences[{number++}]";
                if (Text(sentence, "raw") is { } raw)
                {
                    table.Add(name, raw, where);
                }
                else
                {
                    table.AddOdd(name, where + ".raw", Missing);
                }
            }
        }

        return table;
    }

    // A list of objects; one odd member does not decide that it is none.
    private static JsonElement? List(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
        && (value.GetArrayLength() == 0 || value.EnumerateArray().Any(member => member.ValueKind == JsonValueKind.Object)) ? value : null;

    // An id is a number in some files and a text in others.
    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? TextOf(value)?.Trim()
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number.ToString(CultureInfo.InvariantCulture)
        : null;

    private static string? TextOf(JsonElement text) => Unescaped(() => text.GetString());

    private static string? NameOf(JsonProperty property) => Unescaped(() => property.Name);

    // JsonElement detects an escaped lone surrogate, or bytes that are not UTF-8, only when the string is created.
    private static string? Unescaped(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
