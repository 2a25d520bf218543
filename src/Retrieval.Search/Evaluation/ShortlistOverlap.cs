namespace Retrieval.Search.Evaluation;

/// <summary>How much of the full ranking's top ten a shortlist contains, in both directions.</summary>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
public sealed record ShortlistOverlap(TopTenOverlap ImageToText, TopTenOverlap TextToImage);
