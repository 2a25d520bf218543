using System.Text.Json;
using System.Text.Json.Serialization;
using Retrieval.Domain.Bundles;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>Generated JSON code of the manifest.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    Converters = [typeof(FieldSpecJson)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(IndexManifest))]
[JsonSerializable(typeof(DataOrigin))]
[JsonSerializable(typeof(IReadOnlyList<FieldSpec>))]
internal sealed partial class ManifestJson : JsonSerializerContext;

/// <summary>Writes a field in the format of a bundle: <c>{"name": "w", "type": "float16", "shape": ["words", 1024]}</c>.</summary>
internal sealed class FieldSpecJson : JsonConverter<FieldSpec>
{
    // Of images it stands for regions: a bundle says "regions" there, and any text is read.
    private const string RaggedDimension = "words";

    public override FieldSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        var shape = root.GetProperty("shape").EnumerateArray().ToList();
        var ragged = shape is [{ ValueKind: JsonValueKind.String }, ..];
        return ElementTypeExtensions.TryParseName(root.GetProperty("type").GetString(), out var type)
            ? new FieldSpec(
                root.GetProperty("name").GetString() ?? throw new JsonException("a field has no name"),
                type,
                [.. shape.Skip(ragged ? 1 : 0).Select(size => size.GetInt32())],
                ragged)
            : throw new JsonException($"unknown element type {root.GetProperty("type")}");
    }

    public override void Write(Utf8JsonWriter writer, FieldSpec value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("name", value.Name);
        writer.WriteString("type", value.Type.ToName());
        writer.WriteStartArray("shape");
        if (value.Ragged)
        {
            writer.WriteStringValue(RaggedDimension);
        }

        foreach (var size in value.RowShape)
        {
            writer.WriteNumberValue(size);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
