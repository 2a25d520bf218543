using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;

namespace Retrieval.Server.Requests;

/// <summary>
/// The <c>metadata</c> of an image: an object of texts, numbers, true and false. Each keeps its type, and a number how it is written;
/// null counts as omitted.
/// </summary>
internal sealed class MetadataConverter : JsonConverter<IReadOnlyDictionary<string, MetadataValue>>
{
    private const string Field = "metadata";

    public override IReadOnlyDictionary<string, MetadataValue>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        RefuseTooMany(reader);
        using var document = JsonDocument.ParseValue(ref reader);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, MetadataValue>(StringComparer.Ordinal);
        foreach (var entry in document.RootElement.EnumerateObject())
        {
            var name = JsonTexts.NameOf(entry, Field);
            var field = $"{Field}.{name}";
            var value = entry.Value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => MetadataValue.Of(JsonTexts.Read(entry.Value, field)),
                JsonValueKind.Number => JsonTexts.Number(entry.Value, field),
                JsonValueKind.True or JsonValueKind.False => MetadataValue.Of(entry.Value.GetBoolean()),
                _ => throw new InvalidInputException($"found {JsonTexts.Kind(entry.Value)}; expected a text, a number, true or false", field: field),
            };
            if (!names.Add(name))
            {
                throw new InvalidInputException("is given twice", field: field);
            }

            if (value is not null)
            {
                metadata.Add(name, value);
            }
        }

        return metadata;
    }

    // Counted before any is created. Nulls count too: there is no reason to send more of them than there may be entries.
    private static void RefuseTooMany(Utf8JsonReader reader)
    {
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            count++;
            reader.Skip();
        }

        if (count > ImageBounds.MaxMetadataEntries)
        {
            throw new InvalidInputException(
                string.Create(CultureInfo.InvariantCulture, $"has {count} entries; expected at most {ImageBounds.MaxMetadataEntries}"), field: Field);
        }
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, MetadataValue> value, JsonSerializerOptions options) => throw new NotSupportedException();
}
