namespace Retrieval.Inference.Verification;

/// <summary>Largest differences between what a bundle recorded of its explainer and what this machine computes.</summary>
/// <param name="Tolerance">Largest relative difference of an output that the bundle allows.</param>
/// <param name="Scores">Largest absolute difference of the explainer's score.</param>
/// <param name="Outputs">Largest difference of a value, relative to its output's largest absolute value, or to 1 if that is larger.</param>
public sealed record ExplainerParity(double Tolerance, double Scores, double Outputs);
