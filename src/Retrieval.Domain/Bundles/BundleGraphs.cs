namespace Retrieval.Domain.Bundles;

/// <summary>File names of a bundle's graphs. Their inputs and outputs are fixed by the contract in docs/bundle.md.</summary>
/// <param name="TextEncoder">Token ids to caption record and embedding.</param>
/// <param name="ImageEncoder">Region features to image record and embedding.</param>
/// <param name="TextToImageScorer">Scores a bank of images × caption queries.</param>
/// <param name="ImageToTextScorer">Scores a bank of captions × image queries.</param>
/// <param name="Explainer">Gives a pair's score with the values that led to it; null if the bundle has no such graph.</param>
public sealed record BundleGraphs(string TextEncoder, string ImageEncoder, string TextToImageScorer, string ImageToTextScorer, ExplainerSpec? Explainer);
