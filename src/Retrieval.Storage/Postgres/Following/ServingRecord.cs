using System.Text.Json.Serialization;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>What <c>serving.json</c> says: which copy was served last. How far that copy has come is in the copy itself.</summary>
/// <param name="Catalog">The database it is of.</param>
/// <param name="Index">The index's number there.</param>
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
