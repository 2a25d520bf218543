namespace Retrieval.Server.Contracts;

/// <summary>Region features of an image.</summary>
/// <param name="Count">Regions per image; the most where images may have different numbers of them.</param>
/// <param name="Fewest">The fewest regions of an image: as many as <c>count</c> where every image has that number.</param>
/// <param name="Width">Values per region.</param>
public sealed record RegionShape(int Count, int Fewest, int Width);
