namespace Retrieval.Features.Sources;

/// <summary>One row of a source: an <see cref="ImageSample"/> or a <see cref="RejectedSample"/>.</summary>
/// <param name="Row">The row's position in its source, from 0. The same row has the same number every time it is read.</param>
public abstract record SourceItem(long Row);
