using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Requests;

/// <summary>
/// Counts the items of a body's arrays before any is created: a short text of many small items takes many times its own memory.
/// </summary>
internal static class ItemCounts
{
    // Of an item that is itself an array: a box has four numbers.
    private const int MostInner = 64;

    /// <param name="body">One JSON value.</param>
    /// <param name="type">The type it will be read as.</param>
    /// <param name="bounds">Which of its arrays have bounds.</param>
    /// <param name="maxDepth">Deepest nesting.</param>
    /// <exception cref="InvalidInputException">An array has too few or too many items; names it.</exception>
    public static void Check(ReadOnlySequence<byte> body, JsonTypeInfo type, RequestBounds bounds, int maxDepth)
    {
        if (!type.Properties.Any(member => IsCounted(member, bounds)))
        {
            return;
        }

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = maxDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = Named(ref reader, type);
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray && member is not null && IsCounted(member, bounds))
            {
                bounds.Find(member)!.Value.CheckCount(Count(ref reader, member.Name), member.Name);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static bool IsCounted(JsonPropertyInfo member, RequestBounds bounds) =>
        member.PropertyType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && bounds.Find(member) is not null;

    private static JsonPropertyInfo? Named(ref Utf8JsonReader reader, JsonTypeInfo type)
    {
        try
        {
            foreach (var member in type.Properties)
            {
                if (reader.ValueTextEquals(member.Name))
                {
                    return member;
                }
            }
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in escapes: not a known name. Reading refuses it.
        }

        return null;
    }

    private static int Count(ref Utf8JsonReader reader, string field, bool isInner = false)
    {
        var count = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            if (!isInner && reader.TokenType == JsonTokenType.StartArray && Count(ref reader, field, isInner: true) is > MostInner and var inner)
            {
                throw new InvalidInputException(
                    string.Create(CultureInfo.InvariantCulture, $"has {inner} items; expected at most {MostInner}"), field: string.Create(CultureInfo.InvariantCulture, $"{field}[{count}]"));
            }

            reader.Skip();
        }

        return count;
    }
}
