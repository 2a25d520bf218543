using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>Which captions fit this image.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CaptionSearchRequest : SearchRequest
{
    /// <summary>The id the image was ingested with.</summary>
    public required string ImageId { get; init; }
}
