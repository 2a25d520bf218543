namespace Retrieval.Search.Explaining;

/// <summary>The image of an explained pair.</summary>
/// <param name="Id">Its id; null if the request had its features.</param>
/// <param name="Boxes">Corners x1, y1, x2, y2 of each region, in the order of the regions; null if it has none.</param>
/// <param name="Size">Its picture's size, in the unit of the boxes; null if that is not known.</param>
public sealed record ExplainedImage(string? Id, IReadOnlyList<float[]>? Boxes, PictureSize? Size);
