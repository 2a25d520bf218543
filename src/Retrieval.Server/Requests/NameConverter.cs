using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Requests;

/// <summary>Reads the values of an enumeration by exactly their names: neither by numbers nor in other cases, as the framework would.</summary>
internal sealed class NameConverter<T> : JsonConverter<T>
    where T : struct, Enum
{
    private static readonly (string Name, T Value)[] Names = [.. EnumNames.Of(typeof(T)).Zip(Enum.GetValues<T>())];

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var found = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        foreach (var (name, value) in Names)
        {
            if (name == found)
            {
                return value;
            }
        }

        throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => throw new NotSupportedException();
}
