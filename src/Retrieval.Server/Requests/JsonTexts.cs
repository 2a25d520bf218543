using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;

namespace Retrieval.Server.Requests;

/// <summary>Texts and numbers of JSON, and what its values are called in messages.</summary>
internal static class JsonTexts
{
    /// <summary>Why a text is refused that is valid JSON but not valid Unicode.</summary>
    public const string NotUnicode = "holds half a surrogate pair, or bytes that are not UTF-8; expected well-formed Unicode";

    /// <summary>The text.</summary>
    /// <exception cref="InvalidInputException">Not a text, or not well-formed; names the field.</exception>
    public static string Read(JsonElement element, string field) => element.ValueKind == JsonValueKind.String
        ? WellFormed(element.GetString, field)!
        : throw new InvalidInputException($"found {Kind(element)}; expected a text", field: field);

    /// <summary>A number.</summary>
    /// <exception cref="InvalidInputException">Not a number, or one that metadata cannot hold; names the field.</exception>
    public static MetadataValue Number(JsonElement element, string field)
    {
        if (element.ValueKind != JsonValueKind.Number)
        {
            throw new InvalidInputException($"found {Kind(element)}; expected a number", field: field);
        }

        return MetadataValue.OfNumber(element.GetRawText(), out var reason) ?? throw new InvalidInputException(reason!, field: field);
    }

    /// <summary>A member's name.</summary>
    /// <exception cref="InvalidInputException">It is not well-formed.</exception>
    public static string NameOf(JsonProperty member, string field) => WellFormed(() => member.Name, field)!;

    public static bool IsUnicode(JsonElement text)
    {
        try
        {
            return text.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        JsonValueKind.Array => element.GetArrayLength() == 0 ? "an empty array" : "an array",
        _ => "an object",
    };

    private static string? WellFormed(Func<string?> read, string field)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidInputException(NotUnicode, field: field, innerException: exception);
        }
    }
}
