namespace Retrieval.Search.Images;

/// <summary>A part of the list of all images.</summary>
/// <param name="Images">Images in the order of their ids.</param>
/// <param name="Next">The id after which the list goes on; null at its end.</param>
/// <param name="Degraded">Null, or <c>damaged</c>: what is stored of some images cannot be read, and they are left out.</param>
/// <param name="IndexEpoch">Generation of the local index; with a catalog, the index's epoch there.</param>
public sealed record ImagePage(IReadOnlyList<ImageSummary> Images, string? Next, string? Degraded, long IndexEpoch);
