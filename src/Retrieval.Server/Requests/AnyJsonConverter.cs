using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Server.Requests;

/// <summary>Keeps any JSON unchanged: a part that is read later, which then reports duplicate members as its own fault.</summary>
internal sealed class AnyJsonConverter : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader);

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => throw new NotSupportedException();
}
