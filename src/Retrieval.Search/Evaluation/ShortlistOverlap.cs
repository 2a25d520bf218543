namespace Retrieval.Search.Evaluation;

/// <summary>What a shortlist holds of the best ten candidates by the full ranking, in both directions.</summary>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
public sealed record ShortlistOverlap(TopTenOverlap ImageToText, TopTenOverlap TextToImage);
