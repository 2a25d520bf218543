using System.Text.Json;

namespace Retrieval.Bench.Load;

/// <summary>Reads the body of a search's answer as far as a measurement needs it.</summary>
internal static class AnswerBody
{
    /// <summary>
    /// Whether the body is a complete JSON object with <c>hits</c> and <c>degraded</c>, and the value of the latter. Every byte is read:
    /// a truncated answer does not count.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out string? degraded)
    {
        degraded = null;
        var (hits, told) = (false, false);
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isHits = reader.ValueTextEquals("hits"u8);
                var isDegraded = reader.ValueTextEquals("degraded"u8);
                reader.Read();
                hits |= isHits && reader.TokenType == JsonTokenType.StartArray;
                if (isDegraded && reader.TokenType is JsonTokenType.Null or JsonTokenType.String)
                {
                    told = true;
                    degraded = reader.GetString();
                }

                reader.Skip();
            }

            return hits && told && reader.TokenType == JsonTokenType.EndObject && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
