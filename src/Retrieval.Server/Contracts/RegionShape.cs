namespace Retrieval.Server.Contracts;

/// <summary>Region features of an image.</summary>
/// <param name="Count">Regions of an image.</param>
/// <param name="Width">Values of a region.</param>
public sealed record RegionShape(int Count, int Width);
