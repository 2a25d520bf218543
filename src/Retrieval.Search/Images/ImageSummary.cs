using System.Text.Json;

namespace Retrieval.Search.Images;

/// <summary>One image of a list.</summary>
/// <param name="Id">The id it was ingested with.</param>
/// <param name="Captions">Number of its captions.</param>
/// <param name="Metadata">Its metadata, a JSON object; null if it has none.</param>
public sealed record ImageSummary(string Id, int Captions, JsonElement? Metadata);
