namespace Retrieval.Server.Contracts;

/// <summary>Candidates that are reranked for a request that does not say how many.</summary>
/// <param name="TextToImage">For searches by caption.</param>
/// <param name="ImageToText">For searches by image.</param>
public sealed record DefaultShortlistResponse(int TextToImage, int ImageToText);
