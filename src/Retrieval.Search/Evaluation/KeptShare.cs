namespace Retrieval.Search.Evaluation;

/// <summary>Shares in percent, one a direction.</summary>
/// <param name="ImageToText">Of the images as queries.</param>
/// <param name="TextToImage">Of the captions as queries.</param>
public sealed record KeptShare(double ImageToText, double TextToImage);
