using System.Text.Json;
using Retrieval.Domain.Images;

namespace Retrieval.Features.Sources;

/// <summary>Reads the metadata of one image: a flat JSON object.</summary>
internal static class SampleMetadata
{
    /// <summary>Texts, numbers and booleans keep their type, and numbers how they are written; a null gives no entry.</summary>
    /// <returns>The reason for a refusal, or null.</returns>
    public static string? TryParse(string json, out Dictionary<string, MetadataValue>? metadata)
    {
        metadata = null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            return TryRead(document.RootElement, out metadata);
        }
        catch (JsonException e)
        {
            return $"the metadata is not valid JSON, from byte {(e.BytePositionInLine ?? 0) + 1} of the line on; expected an object such as {{\"year\": 2024}}, and {{}} for none";
        }
    }

    /// <inheritdoc cref="TryParse"/>
    public static string? TryRead(JsonElement found, out Dictionary<string, MetadataValue>? metadata)
    {
        metadata = new Dictionary<string, MetadataValue>(StringComparer.Ordinal);
        try
        {
            if (found.ValueKind != JsonValueKind.Object)
            {
                return $"the metadata is {found.ValueKind}, expected an object";
            }

            foreach (var entry in found.EnumerateObject())
            {
                if (entry.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    return $"the metadata '{entry.Name}' is an {(entry.Value.ValueKind == JsonValueKind.Object ? "object" : "array")}, expected a string, a number or a boolean";
                }

                string? reason = null;
                var value = entry.Value.ValueKind switch
                {
                    JsonValueKind.String => MetadataValue.Of(entry.Value.GetString()!),
                    JsonValueKind.Number => MetadataValue.OfNumber(entry.Value.GetRawText(), out reason),
                    JsonValueKind.True or JsonValueKind.False => MetadataValue.Of(entry.Value.GetBoolean()),
                    _ => null,
                };
                if (reason is not null)
                {
                    return $"the metadata '{entry.Name}': {reason}";
                }

                if (value is not null && !metadata.TryAdd(entry.Name, value))
                {
                    return $"the metadata '{entry.Name}' occurs twice";
                }
            }
        }
        catch (InvalidOperationException e)
        {
            // An escaped lone surrogate.
            return $"the metadata is not valid JSON: {e.Message}";
        }

        return null;
    }
}
