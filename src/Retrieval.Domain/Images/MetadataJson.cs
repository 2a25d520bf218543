using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Retrieval.Domain.Images;

/// <summary>An image's metadata as they are stored and answered: one JSON object in UTF-8.</summary>
public static class MetadataJson
{
    // Text in any script as it is: half the bytes of escapes, and answers hold it as it is stored.
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Names and values as compact JSON, in the order of the names; empty where there are none.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, string>? metadata) => metadata is { Count: > 0 }
        ? JsonSerializer.SerializeToUtf8Bytes(new SortedDictionary<string, string>(metadata.ToDictionary(), StringComparer.Ordinal), Compact)
        : [];

    /// <summary>Whether bytes are one JSON object in UTF-8, or nothing: what may be stored, and can be answered with as it is.</summary>
    /// <param name="json">The bytes.</param>
    /// <returns>The reason why they are not, or null.</returns>
    public static string? Check(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty)
        {
            return null;
        }

        // The reader looks at the bytes of a text only when the text is asked for.
        if (!Utf8.IsValid(json))
        {
            return "the metadata are not UTF-8";
        }

        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = ImageBounds.MaxMetadataDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return "the metadata are no JSON object";
            }

            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException)
        {
            return "the metadata are not valid JSON";
        }
    }
}
