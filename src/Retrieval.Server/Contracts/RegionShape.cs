namespace Retrieval.Server.Contracts;

/// <summary>Region features of an image.</summary>
/// <param name="Count">Regions per image.</param>
/// <param name="Width">Values per region.</param>
public sealed record RegionShape(int Count, int Width);
