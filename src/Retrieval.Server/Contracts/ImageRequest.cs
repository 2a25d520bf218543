using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>An image to be stored whole, in the place of whatever has its id.</summary>
/// <param name="Features">Its region features, base64 of a <c>.npy</c> file or of little-endian float32, <c>[R, W]</c> row by row.</param>
/// <param name="Captions">Its captions, in order; none if left out.</param>
/// <param name="Metadata">Names and values for filters: texts, numbers, true or false; none if left out.</param>
/// <param name="Boxes">Corners x1, y1, x2, y2 of each region; none if left out.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageRequest(
    byte[] Features,
    IReadOnlyList<string>? Captions = null,
    IReadOnlyDictionary<string, string>? Metadata = null,
    IReadOnlyList<IReadOnlyList<float>>? Boxes = null);
