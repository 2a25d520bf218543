namespace Retrieval.Domain.Bundles;

/// <summary>How captions become token ids for a bundle's text encoder.</summary>
/// <param name="Max">Most positions of a caption, the start and the end token included. Longer captions are clipped to <c>Max - 2</c> words.</param>
/// <param name="Pad">Word that fills a batch; its id is 0 by convention.</param>
/// <param name="Start">Word put in front of every caption.</param>
/// <param name="End">Word put behind every caption.</param>
/// <param name="Unknown">Word that stands for every word outside the vocabulary.</param>
public sealed record TokenSpec(int Max, string Pad, string Start, string End, string Unknown);
