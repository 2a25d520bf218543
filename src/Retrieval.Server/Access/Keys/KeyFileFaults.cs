using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Retrieval.Domain.Errors;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Access.Keys;

/// <summary>
/// Says why a text is no file of keys: where, what was found and what was expected. No value is repeated, as the deserializer's own
/// messages do: it may be somebody's key in the wrong place.
/// </summary>
internal static class KeyFileFaults
{
    /// <summary>What a file of keys looks like.</summary>
    public const string Expected = "expected { \"keys\": [ … ] }, as 'retrieval keys new' writes it";

    /// <summary>Converts the exception.</summary>
    /// <param name="exception">What the deserializer threw.</param>
    /// <param name="content">The bytes that it read.</param>
    /// <param name="type">The type that it should have produced.</param>
    /// <param name="path">The file.</param>
    public static InvalidInputException Of(JsonException exception, ReadOnlySpan<byte> content, JsonTypeInfo type, string path)
    {
        if (content.Length == 0)
        {
            return new InvalidInputException($"the file of keys is empty; {Expected}", path, innerException: exception);
        }

        JsonElement found;
        try
        {
            var reader = new Utf8JsonReader(content);
            found = JsonElement.ParseValue(ref reader);
            while (reader.Read())
            {
                // What stands behind the value is not JSON either, or there is nothing.
            }
        }
        catch (JsonException broken)
        {
            return new InvalidInputException($"{LineOf(broken)}found what is no JSON, at byte {broken.BytePositionInLine + 1} of the line; {Expected}", path, innerException: exception);
        }

        var (field, reason) = Describe(JsonPathStep.Steps(exception.Path), found, type);
        return new InvalidInputException(LineOf(exception) + reason, path, field: field, innerException: exception);
    }

    private static (string? Field, string Reason) Describe(IEnumerable<JsonPathStep> steps, JsonElement found, JsonTypeInfo type)
    {
        string? field = null;
        try
        {
            foreach (var step in steps)
            {
                if (step.Index is { } index)
                {
                    (field, found, type) = (string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]"), found[index], type.Options.GetTypeInfo(type.ElementType!));
                    continue;
                }

                field = field is null ? step.Name : $"{field}.{step.Name}";
                if (type.Properties.FirstOrDefault(known => known.Name == step.Name) is not { } member)
                {
                    return (field, $"found a member that is not known here; expected {string.Join(", ", type.Properties.Select(known => known.Name))}");
                }

                if (found.EnumerateObject().Count(other => other.NameEquals(step.Name)) > 1)
                {
                    return (field, "found it twice; expected it once");
                }

                (found, type) = (found.GetProperty(step.Name), type.Options.GetTypeInfo(member.PropertyType));
            }

            return (field, $"found {Found(found, type)}; {(field is null ? Expected : $"expected {ExpectedOf(type)}")}");
        }
        catch (InvalidOperationException)
        {
            return (field, JsonTexts.NotUnicode);
        }
    }

    private static string Found(JsonElement found, JsonTypeInfo type) =>
        found.ValueKind == JsonValueKind.String && found.GetString() is not null && type.Type == typeof(DateTimeOffset?) ? "a text that is no time" : JsonTexts.Kind(found);

    private static string ExpectedOf(JsonTypeInfo type) => type.Type switch
    {
        var text when text == typeof(string) => "a text",
        var time when time == typeof(DateTimeOffset?) => "a time such as 2026-01-31T12:00:00Z",
        var number when number == typeof(double?) => "a number",
        var texts when texts == typeof(IReadOnlyList<string>) => "an array of texts",
        _ => type.Kind == JsonTypeInfoKind.Enumerable ? "an array of keys" : "a key, which is an object",
    };

    private static string LineOf(JsonException exception) => exception.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $"line {line + 1}: ") : "";
}
