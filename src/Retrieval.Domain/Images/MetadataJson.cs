using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Retrieval.Domain.Images;

/// <summary>An image's metadata as stored and returned: one JSON object in UTF-8.</summary>
public static class MetadataJson
{
    // Text of any script stays unescaped: it takes half the bytes of escapes, and answers contain it as stored.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Names and values as compact JSON, ordered by name, numbers as they were written; empty if there are none.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, MetadataValue>? metadata)
    {
        if (metadata is not { Count: > 0 })
        {
            return [];
        }

        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, Compact);
        json.WriteStartObject();
        foreach (var (name, value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(name);
            if (value.Kind == MetadataKind.Text)
            {
                json.WriteStringValue(value.Written);
            }
            else
            {
                json.WriteRawValue(value.Written);
            }
        }

        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Names of stored metadata in their order; none if the bytes are empty or damaged.</summary>
    /// <param name="json">The bytes, as <see cref="Write"/> gives them.</param>
    public static IReadOnlyList<string> Names(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || Check(json) is not null)
        {
            return [];
        }

        var names = new List<string>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = ImageBounds.MaxMetadataDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    names.Add(reader.GetString()!);
                }
            }

            return names;
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate.
            return [];
        }
    }

    /// <summary>
    /// Checks that bytes are one JSON object in UTF-8, or empty. Only such bytes may be stored and can be returned unchanged.
    /// </summary>
    /// <param name="json">The bytes.</param>
    /// <returns>The reason for a refusal, or null.</returns>
    public static string? Check(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty)
        {
            return null;
        }

        // The JSON reader checks the bytes of a text only when the text is requested.
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
