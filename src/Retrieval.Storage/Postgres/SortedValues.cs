using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;

namespace Retrieval.Storage.Postgres;

/// <summary>
/// Numbers and booleans of metadata in the form that filters compare: one text per key and value, which sorts, byte by byte, as the
/// values of a key do. Writers and filters both create them here, so that a filter finds what a writer wrote. Texts are
/// <see cref="Tags"/>.
/// </summary>
public static class SortedValues
{
    /// <summary>The text of a key and a value.</summary>
    /// <param name="key">Name of a metadata member.</param>
    /// <param name="order">A <see cref="MetadataValue.Order"/>, or an end of a <see cref="ValueRange"/>.</param>
    public static string Of(string key, string order) => Tags.Prefix(key) + order;

    /// <summary>
    /// The values of an image, in order. A list counts as each of its items. A number beyond <see cref="ImageBounds"/>, which only
    /// another writer can have stored, has none: it is found by how it is written alone.
    /// </summary>
    /// <param name="metadata">A JSON object, UTF-8; empty if there is none.</param>
    /// <exception cref="InvalidInputException">It is not a JSON object, or a text in it is not valid Unicode.</exception>
    public static IReadOnlyList<string> OfMetadata(ReadOnlyMemory<byte> metadata)
    {
        var values = new SortedSet<string>(StringComparer.Ordinal);
        MetadataLeaves.Read(metadata, (key, leaf) =>
        {
            if (OrderOf(leaf) is { } order)
            {
                values.Add(Of(key, order));
            }
        });
        return [.. values];
    }

    private static string? OrderOf(JsonElement leaf) => leaf.ValueKind switch
    {
        JsonValueKind.Number => MetadataValue.OfNumber(leaf.GetRawText(), out _)?.Order,
        JsonValueKind.True or JsonValueKind.False => MetadataValue.Of(leaf.GetBoolean()).Order,
        _ => null,
    };
}
