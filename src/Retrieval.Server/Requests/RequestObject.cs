using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;

namespace Retrieval.Server.Requests;

/// <summary>
/// A JSON object of a request, read strictly: a member that is unknown, doubled, missing or of another kind is refused
/// by name, with what was expected and nothing of how it is read here. A member that is null counts as left out.
/// </summary>
internal sealed class RequestObject
{
    private readonly Dictionary<string, JsonElement> _members = new(StringComparer.Ordinal);
    private readonly string _path;

    /// <exception cref="InvalidInputException">Not an object, or one with a doubled or an unknown member.</exception>
    public RequestObject(JsonElement element, string path, params ReadOnlySpan<string> known)
    {
        _path = path;
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidInputException($"{(path.Length == 0 ? "the body is" : "found")} {Kind(element)}; expected an object", field: path.Length == 0 ? null : path);
        }

        foreach (var member in element.EnumerateObject())
        {
            var name = NameOf(member, path);
            if (!known.Contains(name))
            {
                throw new InvalidInputException($"there is no such member; known here are {string.Join(", ", known!)}", field: FieldOf(name));
            }

            if (!_members.TryAdd(name, member.Value))
            {
                throw new InvalidInputException("is given twice", field: FieldOf(name));
            }
        }
    }

    /// <summary>The member as it is; null if it is left out.</summary>
    public JsonElement? Find(string name) =>
        _members.TryGetValue(name, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    public bool Has(string name) => Find(name) is not null;

    public string FieldOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    public string Text(string name) => OptionalText(name) ?? throw new InvalidInputException("is missing; expected a text", field: FieldOf(name));

    public string? OptionalText(string name) => Find(name) is { } found ? TextOf(found, FieldOf(name)) : null;

    /// <summary>A text that can be a caption.</summary>
    public string? OptionalCaption(string name)
    {
        var text = OptionalText(name);
        try
        {
            if (text is not null)
            {
                CaptionRules.Check(text);
            }

            return text;
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidInputException(exception.Reason, field: FieldOf(name), innerException: exception);
        }
    }

    public bool? OptionalFlag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw new InvalidInputException($"found {Kind(other)}; expected true or false", field: FieldOf(name)),
    };

    public int? OptionalInteger(string name, int most)
    {
        if (Find(name) is not { } found)
        {
            return null;
        }

        return found.ValueKind == JsonValueKind.Number && WholeNumber.TryRead(JsonMarshal.GetRawUtf8Value(found), out var value) && value >= 1 && value <= most
            ? value
            : throw new InvalidInputException(
                string.Create(CultureInfo.InvariantCulture, $"found {Shown(found)}; expected a whole number from 1 to {most}"), field: FieldOf(name));
    }

    public IReadOnlyList<JsonElement> Items(string name, int most)
    {
        if (Find(name) is not { ValueKind: JsonValueKind.Array } found)
        {
            throw new InvalidInputException($"{(Find(name) is { } other ? $"found {Kind(other)}" : "is missing")}; expected an array", field: FieldOf(name));
        }

        var length = found.GetArrayLength();
        return length >= 1 && length <= most
            ? [.. found.EnumerateArray()]
            : throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"has {length} items; expected 1 to {most}"), field: FieldOf(name));
    }

    /// <summary>An object whose members are a text or an array of texts.</summary>
    public Dictionary<string, IReadOnlyList<string>>? OptionalFilter(string name)
    {
        if (Find(name) is not { } found)
        {
            return null;
        }

        var field = FieldOf(name);
        if (found.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidInputException($"found {Kind(found)}; expected an object", field: field);
        }

        var filter = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var condition in found.EnumerateObject())
        {
            var key = NameOf(condition, field);
            if (!filter.TryAdd(key, Values(condition.Value, $"{field}.{key}")))
            {
                throw new InvalidInputException("is given twice", field: $"{field}.{key}");
            }
        }

        return filter.Count == 0 ? null : filter;
    }

    private static IReadOnlyList<string> Values(JsonElement value, string field) => value.ValueKind switch
    {
        JsonValueKind.String => [TextOf(value, field)],
        JsonValueKind.Array when value.GetArrayLength() > 0 => [.. value.EnumerateArray().Select(item => TextOf(item, field))],
        _ => throw new InvalidInputException($"found {Kind(value)}; expected a text, or an array of one text or more", field: field),
    };

    internal static string TextOf(JsonElement element, string field)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw new InvalidInputException($"found {Kind(element)}; expected a text", field: field);
        }

        return WellFormed(element.GetString, field)!;
    }

    internal static string NameOf(JsonProperty member, string path) => WellFormed(() => member.Name, path.Length == 0 ? null : path)!;

    /// <summary>Reads what a JSON text stands for; half a surrogate pair in it is the caller's fault.</summary>
    internal static T? WellFormed<T>(Func<T?> read, string? field)
        where T : class
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidInputException("holds half a surrogate pair, or bytes that are not UTF-8; expected well-formed Unicode", field: field, innerException: exception);
        }
    }

    private static string Shown(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.GetRawText() is { Length: <= 32 } raw ? raw : Kind(element);

    internal static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        JsonValueKind.Array => element.GetArrayLength() == 0 ? "an empty array" : "an array",
        _ => "an object",
    };
}
