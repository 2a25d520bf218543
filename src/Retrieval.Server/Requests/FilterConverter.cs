using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Requests;

/// <summary>
/// The <c>filter</c> of a search: an object whose members are a text or an array of texts. An object without members means no filter.
/// </summary>
internal sealed class FilterConverter : JsonConverter<IReadOnlyDictionary<string, IReadOnlyList<string>>>
{
    private const string Field = "filter";

    public override IReadOnlyDictionary<string, IReadOnlyList<string>>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        using var document = JsonDocument.ParseValue(ref reader);
        var filter = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var condition in document.RootElement.EnumerateObject())
        {
            var key = JsonTexts.NameOf(condition, Field);
            if (!filter.TryAdd(key, Values(condition.Value, $"{Field}.{key}")))
            {
                throw new InvalidInputException("is given twice", field: $"{Field}.{key}");
            }
        }

        return filter.Count == 0 ? null : filter;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, IReadOnlyList<string>> value, JsonSerializerOptions options) => throw new NotSupportedException();

    private static IReadOnlyList<string> Values(JsonElement value, string field) => value.ValueKind switch
    {
        JsonValueKind.String => [JsonTexts.Read(value, field)],
        JsonValueKind.Array when value.GetArrayLength() > 0 => [.. value.EnumerateArray().Select(item => JsonTexts.Read(item, field))],
        _ => throw new InvalidInputException($"found {JsonTexts.Kind(value)}; expected a text, or an array of one text or more", field: field),
    };
}
