namespace Retrieval.Domain.Bundles;

/// <summary>How captions become token ids for a bundle's text encoder.</summary>
/// <param name="Max">Maximum number of positions of a caption, including the start and the end token. Longer captions are cut to
/// <c>Max - 2</c> words.</param>
/// <param name="Pad">Word that fills a batch; its id is 0 by convention.</param>
/// <param name="Start">Word put before every caption.</param>
/// <param name="End">Word put after every caption.</param>
/// <param name="Unknown">Word that replaces every word outside the vocabulary.</param>
public sealed record TokenSpec(int Max, string Pad, string Start, string End, string Unknown);
