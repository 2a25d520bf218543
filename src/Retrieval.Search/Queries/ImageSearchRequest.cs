using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>
/// Which images fit a caption, or are like an image. Exactly one of caption, id and features is given. Images that are like an
/// image are found and ordered by the first stage alone, since the matching model scores no pair of images.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageSearchRequest : SearchRequest
{
    /// <summary>The caption, as a person wrote it.</summary>
    public string? Caption { get; init; }

    /// <summary>The id of an image of the index that others are to be like; it is not among the hits.</summary>
    public string? ImageId { get; init; }

    /// <summary>Region features of an image that others are to be like, and that is not stored: a <c>.npy</c> file, or little-endian float32, <c>[R, W]</c> row by row. In JSON as base64.</summary>
    public byte[]? Features { get; init; }
}
