namespace Retrieval.Search.Images;

/// <summary>One caption of an image.</summary>
/// <param name="Id">The image's id, <c>#</c>, and the caption's position from 0.</param>
/// <param name="Text">The text as it was ingested.</param>
public sealed record CaptionDetails(string Id, string Text);
