namespace Retrieval.Storage.Postgres.Searching;

/// <summary>One candidate that the catalog returned.</summary>
/// <param name="ImageId">The image, or the image that the caption describes.</param>
/// <param name="Position">The caption's position among those of its image, from 0; -1 for an image.</param>
/// <param name="Score">Inner product with the query, computed from values rounded to half precision.</param>
public readonly record struct CatalogHit(string ImageId, int Position, float Score);
