namespace Retrieval.Domain.Bundles;

/// <summary>The graph that shows how a pair's score comes about.</summary>
/// <param name="File">Name of the graph's file.</param>
/// <param name="Tolerance">
/// Largest allowed difference of a value from the recorded one, relative to the output's largest absolute value or to 1 if that is
/// larger.
/// </param>
/// <param name="Outputs">What it gives of a pair, at least one output.</param>
public sealed record ExplainerSpec(string File, double Tolerance, IReadOnlyList<ExplainerOutput> Outputs);
