using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Server.Requests;

/// <summary>
/// Decodes base64 bytes in place in a rented buffer: the text has megabytes, and the framework's own converter allocates an array for
/// it.
/// </summary>
internal sealed class Base64Converter : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException();
        }

        var text = ArrayPool<byte>.Shared.Rent(checked((int)(reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length)));
        try
        {
            var length = reader.CopyString(text);
            return Base64.DecodeFromUtf8InPlace(text.AsSpan(0, length), out var written) == OperationStatus.Done
                ? text.AsSpan(0, written).ToArray()
                : throw new JsonException();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => throw new NotSupportedException();
}
