using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>Which captions fit an image: one of the index by its id, or any by its features. Exactly one of the two is given.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CaptionSearchRequest : SearchRequest
{
    /// <summary>The id the image was ingested with.</summary>
    public string? ImageId { get; init; }

    /// <summary>Region features of an image that need not be in the index, and is not stored: a <c>.npy</c> file, or little-endian float32, <c>[R, W]</c> row by row. In JSON as base64.</summary>
    public byte[]? Features { get; init; }
}
