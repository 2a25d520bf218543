using System.Text.Json;

namespace Retrieval.Bench.Load;

/// <summary>The body of a search's answer, read as far as a measurement needs it.</summary>
internal static class AnswerBody
{
    /// <summary>
    /// Whether it is a whole JSON object with <c>hits</c> and <c>degraded</c>, and the latter's value. Every byte is
    /// read: an answer cut short is none.
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
