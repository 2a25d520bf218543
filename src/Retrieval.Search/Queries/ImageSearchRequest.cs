using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>Which images fit this caption.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ImageSearchRequest : SearchRequest
{
    /// <summary>The caption, as a person wrote it.</summary>
    public required string Caption { get; init; }
}
