using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Queries;

/// <summary>The matching model's score of each pair, in the order of the request.</summary>
/// <param name="Scores">One per pair.</param>
/// <param name="Model">Name and fingerprint of the model, shortened.</param>
/// <param name="IndexEpoch">Generation of the local index that the records came from; with a catalog, the index's epoch there.</param>
/// <param name="Stages">Time each stage took.</param>
public sealed record ScoreAnswer(IReadOnlyList<float> Scores, string Model, long IndexEpoch, IReadOnlyList<StageTime> Stages);
