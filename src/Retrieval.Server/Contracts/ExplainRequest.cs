using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>A pair to explain: an image by its id or by its features, and a caption by its text or by its id. Exactly one of each.</summary>
/// <param name="ImageId">The id the image was ingested with.</param>
/// <param name="Features">Region features of an image, base64 of a <c>.npy</c> file or of little-endian float32, <c>[R, W]</c> row by row.</param>
/// <param name="Caption">A caption's text.</param>
/// <param name="CaptionId">A caption's id, as a search returns it: the image's id, <c>#</c>, its position.</param>
/// <param name="DeadlineMs">Time for the whole request in milliseconds, from the arrival of its body; none if omitted.</param>
/// <param name="Index">The index that ids are of, of those that this server holds; the served one if omitted.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ExplainRequest(string? ImageId = null, byte[]? Features = null, string? Caption = null, string? CaptionId = null, int? DeadlineMs = null, string? Index = null);
