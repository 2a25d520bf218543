using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres;

/// <summary>
/// Metadata in the form that filters use: one text per key and value, stored as an array next to the image. Writers and filters
/// both create tags here, so that a filter finds what a writer wrote.
/// </summary>
public static class Tags
{
    private const char Separator = '\u001F';
    private const char Escape = '\u001E';

    // An entry of the tag index must fit into a third of a page. A longer text is replaced by its hash.
    private const int LongestBytes = 1024;

    /// <summary>The tag of a key and a value. Different pairs never have the same tag.</summary>
    /// <param name="key">Name of a metadata member.</param>
    /// <param name="value">A text, or a number or boolean as it is written in JSON.</param>
    public static string Of(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        var tag = $"{Plain(key)}{Separator}{Plain(value)}";
        if (!IsUnicode(tag))
        {
            // A filter may ask for it, but no accepted metadata contains it.
            return $"{Escape}?";
        }

        return Encoding.UTF8.GetByteCount(tag) <= LongestBytes
            ? tag
            : $"{Escape}#{Hash(tag)}";
    }

    /// <summary>
    /// The tags of an image. A text, number or boolean in its metadata counts as its text, and a list counts as each of its
    /// items. Objects and nulls are not searchable.
    /// </summary>
    /// <param name="metadata">A JSON object, UTF-8; empty if there is none.</param>
    /// <exception cref="InvalidInputException">It is not a JSON object, or a text in it is not valid Unicode.</exception>
    public static IReadOnlyList<string> OfMetadata(ReadOnlyMemory<byte> metadata)
    {
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        MetadataLeaves.Read(metadata, (key, leaf) => tags.Add(Of(key, leaf.ValueKind == JsonValueKind.String ? leaf.GetString()! : leaf.GetRawText())));
        return [.. tags];
    }

    /// <summary>
    /// What stands before the values of a key, at most <see cref="LongestBytes"/> long. Different keys never have the same, nor one
    /// that begins with another's.
    /// </summary>
    internal static string Prefix(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var prefix = $"{Plain(key)}{Separator}";
        return !IsUnicode(prefix) ? $"{Escape}?{Separator}"
            : Encoding.UTF8.GetByteCount(prefix) <= LongestBytes ? prefix
            : $"{Escape}#{Hash(prefix)}{Separator}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static bool IsUnicode(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            text = text[length..];
        }

        return true;
    }

    // Postgres does not accept U+0000, and the separator must stay unambiguous.
    private static string Plain(string text) =>
        text.AsSpan().IndexOfAny('\0', Separator, Escape) < 0
            ? text
            : text.Replace($"{Escape}", $"{Escape}e", StringComparison.Ordinal)
                .Replace($"{Separator}", $"{Escape}s", StringComparison.Ordinal)
                .Replace("\0", $"{Escape}0", StringComparison.Ordinal);
}
