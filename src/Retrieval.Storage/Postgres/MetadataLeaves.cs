using System.Text.Json;
using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres;

/// <summary>What of an image's metadata a filter can ask for: its texts, numbers and booleans, and those in its lists.</summary>
internal static class MetadataLeaves
{
    /// <summary>Gives each with its key. Objects and nulls are left out.</summary>
    /// <param name="metadata">A JSON object, UTF-8; empty if there is none.</param>
    /// <param name="take">Takes them. What it throws because a text is not valid Unicode is reported as below.</param>
    /// <exception cref="InvalidInputException">It is not a JSON object, or a text in it is not valid Unicode.</exception>
    public static void Read(ReadOnlyMemory<byte> metadata, Action<string, JsonElement> take)
    {
        if (metadata.IsEmpty)
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(metadata);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidInputException($"is a JSON {document.RootElement.ValueKind}, expected an object", field: "metadata");
            }

            foreach (var member in document.RootElement.EnumerateObject())
            {
                Read(member.Name, member.Value, take);
            }
        }
        catch (JsonException exception)
        {
            throw new InvalidInputException($"is not valid JSON: {exception.Message}", field: "metadata", innerException: exception);
        }
        catch (InvalidOperationException exception)
        {
            // The reader's error for an escaped lone surrogate.
            throw new InvalidInputException("a text is not valid Unicode (a lone surrogate)", field: "metadata", innerException: exception);
        }
    }

    private static void Read(string key, JsonElement value, Action<string, JsonElement> take)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                take(key, value);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    Read(key, item, take);
                }

                break;
        }
    }
}
