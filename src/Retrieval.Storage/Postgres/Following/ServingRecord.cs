using System.Text.Json.Serialization;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>Content of <c>serving.json</c>: which copy was served last. The copy itself records its progress.</summary>
/// <param name="Catalog">The database it is from.</param>
/// <param name="Index">The index's number in that database.</param>
/// <param name="Name">The index's name.</param>
/// <param name="Fingerprint">Fingerprint of its bundle.</param>
/// <param name="Folder">The copy's folder, a name within the cache folder.</param>
internal sealed record ServingRecord(Guid Catalog, int Index, string Name, string Fingerprint, string Folder);

/// <summary>Generated JSON code of <c>serving.json</c>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ServingRecord))]
internal sealed partial class ServingJson : JsonSerializerContext;
