using System.Text.Json;

namespace Retrieval.Search.Images;

/// <summary>One image as stored in the index.</summary>
/// <param name="Id">The id it was ingested with.</param>
/// <param name="Captions">Its captions.</param>
/// <param name="Metadata">Its metadata, a JSON object; null if it has none.</param>
/// <param name="Boxes">Its region boxes, <c>[R][x1, y1, x2, y2]</c>; null if none were given.</param>
/// <param name="IndexEpoch">Generation of the local index; with a catalog, the index's epoch there.</param>
public sealed record ImageDetails(string Id, IReadOnlyList<CaptionDetails> Captions, JsonElement? Metadata, IReadOnlyList<float[]>? Boxes, long IndexEpoch);
