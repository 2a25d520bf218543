namespace Retrieval.Domain.Bundles;

/// <summary>The recorded vectors a bundle is checked with at load.</summary>
/// <param name="File">Name of the <c>.npz</c> file.</param>
/// <param name="Tolerance">Largest allowed absolute difference of a score; of an embedding, relative to its largest absolute value.</param>
public sealed record ParitySpec(string File, double Tolerance);
