namespace Retrieval.Server.Contracts;

/// <summary>The matching model's scores.</summary>
/// <param name="Scores">One per pair, in the order of the request.</param>
/// <param name="Model">Name of the model and the beginning of its fingerprint.</param>
/// <param name="IndexEpoch">Generation of the local index that the records came from; with a catalog, the index's epoch there.</param>
public sealed record ScoreResponse(IReadOnlyList<float> Scores, string Model, long IndexEpoch);
