using System.Text.Json.Serialization;

namespace Retrieval.Search.Queries;

/// <summary>One pair to score: an image by id, and a caption by its text or by its id. Exactly one of the two is given.</summary>
/// <param name="ImageId">The id the image was ingested with.</param>
/// <param name="Caption">A caption's text.</param>
/// <param name="CaptionId">A caption's id, as a search returns it: the image's id, <c>#</c>, its position.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ScorePair(string ImageId, string? Caption = null, string? CaptionId = null);
