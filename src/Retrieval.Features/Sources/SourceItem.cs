namespace Retrieval.Features.Sources;

/// <summary>One row of a source: an <see cref="ImageSample"/> or a <see cref="RejectedSample"/>.</summary>
/// <param name="Row">The row's place in its source, from 0. The same row has the same number in every reading.</param>
public abstract record SourceItem(long Row);
