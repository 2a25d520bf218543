namespace Retrieval.Inference.Verification;

/// <summary>Largest differences between what a bundle recorded and what this machine computes.</summary>
/// <param name="Tolerance">Largest difference that the bundle allows.</param>
/// <param name="Pairs">Pairs compared, in each direction.</param>
/// <param name="Embeddings">Largest absolute difference of an embedding's element, relative to the largest absolute element.</param>
/// <param name="TextToImage">Largest absolute difference of a score, caption queries.</param>
/// <param name="ImageToText">Largest absolute difference of a score, image queries.</param>
public sealed record ParityReport(double Tolerance, int Pairs, double Embeddings, double TextToImage, double ImageToText)
{
    /// <summary>The same of the explainer; null if the bundle has none.</summary>
    public ExplainerParity? Explainer { get; init; }

    /// <summary>Whether all differences are within the tolerance. NaN is not.</summary>
    public bool Passed => Embeddings <= Tolerance && TextToImage <= Tolerance && ImageToText <= Tolerance;
}
