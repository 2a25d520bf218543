using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;

namespace Retrieval.Server.Requests;

/// <summary>
/// The <c>filter</c> of a search: an object whose members are a text, a number, a boolean or a range of numbers, or an array of these,
/// any of which is taken. An object without members means no filter.
/// </summary>
internal sealed class FilterConverter : JsonConverter<IReadOnlyDictionary<string, MetadataCondition>>
{
    private const string Field = "filter";
    private const string Expected = "expected a text, a number, true, false, a range of numbers, or an array of one or more of these";

    public override IReadOnlyDictionary<string, MetadataCondition>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        using var document = JsonDocument.ParseValue(ref reader);
        var filter = new Dictionary<string, MetadataCondition>(StringComparer.Ordinal);
        foreach (var condition in document.RootElement.EnumerateObject())
        {
            var key = JsonTexts.NameOf(condition, Field);
            if (!filter.TryAdd(key, Condition(condition.Value, $"{Field}.{key}")))
            {
                throw new InvalidInputException("is given twice", field: $"{Field}.{key}");
            }
        }

        return filter.Count == 0 ? null : filter;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, MetadataCondition> value, JsonSerializerOptions options) => throw new NotSupportedException();

    private static MetadataCondition Condition(JsonElement value, string field)
    {
        var (texts, ranges) = (new List<string>(), new List<ValueRange>());
        if (value.ValueKind != JsonValueKind.Array)
        {
            Add(value);
        }
        else if (value.GetArrayLength() == 0)
        {
            throw new InvalidInputException($"found {JsonTexts.Kind(value)}; {Expected}", field: field);
        }
        else
        {
            foreach (var item in value.EnumerateArray())
            {
                Add(item);
            }
        }

        return new MetadataCondition { Texts = texts, Ranges = ranges };

        void Add(JsonElement item)
        {
            switch (item.ValueKind)
            {
                case JsonValueKind.String:
                    texts.Add(JsonTexts.Read(item, field));
                    break;
                case JsonValueKind.Number:
                    ranges.Add(ValueRange.Of(JsonTexts.Number(item, field)));
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    ranges.Add(ValueRange.Of(MetadataValue.Of(item.GetBoolean())));
                    break;
                case JsonValueKind.Object:
                    ranges.Add(Range(item, field));
                    break;
                default:
                    throw new InvalidInputException($"found {JsonTexts.Kind(item)}; {Expected}", field: field);
            }
        }
    }

    private static ValueRange Range(JsonElement range, string field)
    {
        var ends = new Dictionary<string, MetadataValue>(StringComparer.Ordinal);
        foreach (var member in range.EnumerateObject())
        {
            var name = JsonTexts.NameOf(member, field);
            if (!ends.TryAdd(name, JsonTexts.Number(member.Value, $"{field}.{name}")))
            {
                throw new InvalidInputException("is given twice", field: $"{field}.{name}");
            }
        }

        return ValueRange.Of(ends, out var reason) ?? throw new InvalidInputException(reason!, field: field);
    }
}
