using System.Text.Json;

namespace Retrieval.Features.Sources;

/// <summary>Reads the metadata of one image: a flat JSON object.</summary>
internal static class SampleMetadata
{
    /// <summary>Strings are used as they are, numbers and booleans as they are written; a null gives no entry.</summary>
    /// <returns>The reason for a refusal, or null.</returns>
    public static string? TryParse(string json, out Dictionary<string, string>? metadata)
    {
        metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return $"the metadata is {document.RootElement.ValueKind}, expected an object";
            }

            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (entry.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    return $"the metadata '{entry.Name}' is {entry.Value.ValueKind}, expected a string, a number or a boolean";
                }

                if (entry.Value.ValueKind != JsonValueKind.Null && !metadata.TryAdd(entry.Name, entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : entry.Value.GetRawText()))
                {
                    return $"the metadata '{entry.Name}' occurs twice";
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate.
            return $"the metadata is not valid JSON: {e.Message}";
        }

        return null;
    }
}
