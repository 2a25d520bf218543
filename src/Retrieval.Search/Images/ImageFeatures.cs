namespace Retrieval.Search.Images;

/// <summary>Region features as supplied by the caller.</summary>
/// <param name="Values">float32, row-major.</param>
/// <param name="Shape">Sizes of the dimensions; null where only the number of values is known.</param>
public sealed record ImageFeatures(float[] Values, IReadOnlyList<long>? Shape);
