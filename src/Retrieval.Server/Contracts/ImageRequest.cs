using System.Text.Json;

namespace Retrieval.Server.Contracts;

/// <summary>An image to be stored whole, in the place of whatever has its id.</summary>
/// <param name="Features">Its region features, base64 of a <c>.npy</c> file or of little-endian float32, <c>[R, W]</c> row by row.</param>
/// <param name="Captions">Its captions, in order; none if left out.</param>
/// <param name="Metadata">Names and values for filters: texts, numbers, true or false; none if left out.</param>
/// <param name="Boxes">Corners x1, y1, x2, y2 of each region; none if left out.</param>
public sealed record ImageRequest(string Features, IReadOnlyList<string>? Captions, JsonElement? Metadata, IReadOnlyList<IReadOnlyList<float>>? Boxes);
