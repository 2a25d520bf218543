using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Requests;

/// <summary>
/// Says in the caller's terms why a body could not be deserialized: which member, what was found, what was expected. The
/// deserializer's exception gives the location; its message contains type names, and is not passed on.
/// </summary>
internal sealed class RequestFaults(RequestBounds bounds)
{
    /// <summary>Converts the exception.</summary>
    /// <param name="exception">What the deserializer threw.</param>
    /// <param name="found">The JSON that it read.</param>
    /// <param name="type">The type it should have produced.</param>
    public InvalidInputException Of(JsonException exception, JsonElement found, JsonTypeInfo type)
    {
        string? field = null;
        JsonPropertyInfo? member = null;
        try
        {
            foreach (var step in JsonPathStep.Steps(exception.Path))
            {
                if (step.Index is { } index)
                {
                    field = string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]");
                    (found, type, member) = (found[index], type.Options.GetTypeInfo(type.ElementType!), null);
                    continue;
                }

                field = Within(step.Name);
                member = type.Properties.FirstOrDefault(known => known.Name == step.Name);
                if (member is null)
                {
                    return Fault($"there is no such member; known here are {string.Join(", ", type.Properties.Select(known => known.Name))}");
                }

                if (found.EnumerateObject().Count(other => other.NameEquals(step.Name)) > 1)
                {
                    return Fault("is given twice");
                }

                (found, type) = (found.GetProperty(step.Name), type.Options.GetTypeInfo(member.PropertyType));
            }

            return found.ValueKind == JsonValueKind.Object && type.Kind == JsonTypeInfoKind.Object ? Missing() : Other();
        }
        catch (InvalidOperationException)
        {
            return Fault(JsonTexts.NotUnicode);
        }

        string Within(string name) => field is null ? name : $"{field}.{name}";

        InvalidInputException Fault(string reason) => new(reason, field: field, innerException: exception);

        InvalidInputException Missing()
        {
            // If a member's name is not valid text, the deserializer only gives the object's location; reading all names finds it.
            var names = found.EnumerateObject().Select(given => given.Name).ToHashSet(StringComparer.Ordinal);
            var missing = type.Properties.FirstOrDefault(known => known.IsRequired && !names.Contains(known.Name));
            if (missing is null)
            {
                return Fault("cannot be read; expected an object");
            }

            field = Within(missing.Name);
            return Fault($"is missing; expected {Expected(type.Options.GetTypeInfo(missing.PropertyType), missing)}");
        }

        InvalidInputException Other()
        {
            if (found.ValueKind == JsonValueKind.String && (type.Type == typeof(string) || !JsonTexts.IsUnicode(found)))
            {
                return Fault(JsonTexts.NotUnicode);
            }

            var expected = Expected(type, member);
            return found.ValueKind == JsonValueKind.Null && member is not null ? Fault($"is missing; expected {expected}")
                : Fault($"{(field is null ? "the body is" : "found")} {Shown(found, type)}; expected {expected}");
        }
    }

    /// <summary>Converts the exception without looking at the JSON: says where, and what was expected there.</summary>
    public InvalidInputException Of(JsonException exception, JsonTypeInfo type)
    {
        string? field = null;
        JsonPropertyInfo? member = null;
        foreach (var step in JsonPathStep.Steps(exception.Path))
        {
            if (step.Index is { } index)
            {
                (field, type, member) = (string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]"), type.Options.GetTypeInfo(type.ElementType!), null);
                continue;
            }

            field = field is null ? step.Name : $"{field}.{step.Name}";
            member = type.Properties.FirstOrDefault(known => known.Name == step.Name);
            if (member is null)
            {
                return new InvalidInputException($"there is no such member; known here are {string.Join(", ", type.Properties.Select(known => known.Name))}", field: field, innerException: exception);
            }

            type = type.Options.GetTypeInfo(member.PropertyType);
        }

        return new InvalidInputException(
            type.Kind == JsonTypeInfoKind.Object ? "a member is missing, given twice or not Unicode" : $"cannot be read, or is given twice; expected {Expected(type, member)}", field: field, innerException: exception);
    }

    private string Expected(JsonTypeInfo type, JsonPropertyInfo? member) => (Nullable.GetUnderlyingType(type.Type) ?? type.Type) switch
    {
        var text when text == typeof(string) => "a text",
        var flag when flag == typeof(bool) => "true or false",
        var names when names.IsEnum => $"one of {string.Join(", ", EnumNames.Of(names))}",
        var whole when whole == typeof(int) => (member is null ? null : bounds.Find(member))?.Expected ?? "a whole number",
        var number when number == typeof(float) => "a number",
        var bytes when bytes == typeof(byte[]) => "base64 of a .npy file, or of little-endian float32, row by row",
        var texts when texts == typeof(IReadOnlyList<string>) => "an array of texts",
        var box when box == typeof(IReadOnlyList<float>) => "an array of four numbers",
        _ => type.Kind == JsonTypeInfoKind.Enumerable ? "an array" : "an object",
    };

    private static string Shown(JsonElement found, JsonTypeInfo type) => found.ValueKind switch
    {
        JsonValueKind.String when (Nullable.GetUnderlyingType(type.Type) ?? type.Type).IsEnum && found.GetString() is { Length: <= 32 } name => $"'{name}'",
        JsonValueKind.String when type.Type == typeof(byte[]) => "a text that is not base64",
        JsonValueKind.Number when (Nullable.GetUnderlyingType(type.Type) ?? type.Type) == typeof(int) && found.GetRawText() is { Length: <= 32 } raw => raw,
        _ => JsonTexts.Kind(found),
    };
}
