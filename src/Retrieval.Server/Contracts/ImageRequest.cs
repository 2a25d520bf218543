using System.Text.Json.Serialization;
using Retrieval.Domain.Images;

namespace Retrieval.Server.Contracts;

/// <summary>A complete image to store; it replaces any image with the same id.</summary>
/// <param name="Features">Its region features, base64 of a <c>.npy</c> file or of little-endian float32, <c>[R, W]</c> row by row.</param>
/// <param name="Captions">Its captions, in order; none if omitted.</param>
/// <param name="Metadata">Names and values for filters: texts, numbers, true or false; none if omitted.</param>
/// <param name="Boxes">Corners x1, y1, x2, y2 of each region; none if omitted.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageRequest(
    byte[] Features,
    IReadOnlyList<string>? Captions = null,
    IReadOnlyDictionary<string, MetadataValue>? Metadata = null,
    IReadOnlyList<IReadOnlyList<float>>? Boxes = null);
